import { readFileSync } from 'node:fs';
import type { Runtime } from '@aws-sdk/client-lambda';
import { zipFolders } from '../../runtimes/kit/artefacts.ts';
import { compiled, javaClasses } from '../kit/compiled.ts';
import { created, fixture, json } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';

const es6 =
  (runtime: string): Scenario =>
  async (stage) => {
    const program =
      'exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(`response from localstack lambda: ${JSON.stringify(event)}`) });\n';
    const options = {
      files: { 'lambda_handler_es6.js': program },
      Handler: 'lambda_handler_es6.handler',
      Runtime: runtime as Runtime,
    };
    stage.match('creation-result', await fixture(stage, FunctionName, options));
    await stage.check('invocation-result', stage.api.invoke({ FunctionName, Payload: json({ event_type: 'test_lambda' }) }));
  };

const submodule =
  (runtime: string): Scenario =>
  async (stage) => {
    const files = {
      'deep/__init__.py': '',
      'deep/inside/__init__.py': '',
      'deep/inside/program.py': 'def handler(event, context):\n    return event\n',
    };
    await created(stage, FunctionName, { files, Handler: 'deep.inside.program.handler', Runtime: runtime as Runtime });
    const { Payload } = await stage.answer(stage.api.invoke({ FunctionName, Payload: json({ a: 1 }) }));
    stage.same('echo', Payload, { a: 1 });
  };

const version =
  (runtime: string): Scenario =>
  async (stage) => {
    const program = 'import sys\ndef handler(event, context):\n    return {"version": "python%d.%d" % sys.version_info[:2]}\n';
    await created(stage, FunctionName, {
      files: { 'handler.py': program },
      Handler: 'handler.handler',
      Runtime: runtime as Runtime,
    });
    const { Payload } = await stage.answer(stage.api.invoke({ FunctionName }));
    stage.same('version', (Payload as Answer)['version'], runtime);
  };

const javaCode = async () => ({ ZipFile: await compiled['java']!.archive() });

const javaStream =
  (runtime: string): Scenario =>
  async (stage) => {
    const options = { Code: await javaCode(), Handler: 'echo.Handler$Stream', Runtime: runtime as Runtime, Timeout: 30 };
    await created(stage, FunctionName, options);
    await stage.check('invoke_result', stage.api.invoke({ FunctionName, Payload: json({}) }));
  };

const javaBean =
  (runtime: string): Scenario =>
  async (stage) => {
    const Handler = 'cloud.localstack.awssdkv1.sample.SerializedInputLambdaHandler';
    const options = { Code: await javaCode(), Handler, Runtime: runtime as Runtime };
    stage.match('create-result', await fixture(stage, FunctionName, options));
    const Payload = json({ bucket: 'test_bucket', key: 'test_key', validated: false });
    await stage.check('invoke-result', stage.api.invoke({ FunctionName, Payload }));
  };

/** Classes beside a folder of jars, as one jar has it and as an archive; or nothing but jars. */
const withLibrary: Scenario = async (stage) => {
  const folder = await javaClasses();
  const classes = `${folder}/classes`;
  const lib = `${folder}/lib`;
  const manifest = { 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\n' };
  const Handler = 'cloud.localstack.sample.LambdaHandlerWithLib';
  for (const [name, ZipFile] of [
    ['jar-with-lib', await zipFolders({ '': classes, 'lib/': lib }, manifest)],
    ['zip-with-lib', await zipFolders({ 'lib/': lib }, { 'lib/function.jar': readFileSync(`${folder}/jars/function.jar`) })],
    ['zip-with-lib-gradle', await zipFolders({ '': classes, 'lib/': lib })],
  ] as const) {
    const options = { Code: { ZipFile }, Handler, Runtime: 'java11' as Runtime };
    stage.match(`create-result-${name}`, await fixture(stage, name, options));
    await stage.check(`invoke-result-${name}`, stage.api.invoke({ FunctionName: name, Payload: json({ echo: 'echo' }) }));
  }
};

/** A topic may call it, whatever its language. */
const subscribed: Scenario = async (stage) => {
  const { api } = stage;
  const options = { Code: await javaCode(), Handler: 'cloud.localstack.sample.LambdaHandler', Runtime: 'java11' as Runtime };
  await fixture(stage, FunctionName, options);
  await stage.check('get-function', api.getFunction({ FunctionName }));
  const { Statement } = stage.recorded('add-permission') as { Statement: { Action: string } };
  const permission = {
    FunctionName,
    StatementId: 'topic',
    Action: Statement.Action,
    Principal: 'sns.amazonaws.com',
    SourceArn: `arn:aws:sns:${stage.region}:${stage.account}:topic`,
  };
  await stage.check('add-permission', api.addPermission(permission));
};

const each = (title: string, runtimes: readonly string[], scenario: (runtime: string) => Scenario): Scenarios =>
  Object.fromEntries(runtimes.map((runtime) => [`${title}[${runtime}]`, scenario(runtime)]));

export const languageScenarios: Scenarios = {
  ...each('TestJavaRuntimes.test_stream_handler', ['java8.al2', 'java11', 'java21', 'java25'], javaStream),
  ...each('TestJavaRuntimes.test_serializable_input_object', ['java8.al2', 'java11', 'java25'], javaBean),
  'TestJavaRuntimes.test_java_runtime_with_lib': withLibrary,
  'TestJavaRuntimes.test_java_lambda_subscribe_sns_topic': subscribed,
  ...each('TestNodeJSRuntimes.test_invoke_nodejs_es6_lambda', ['nodejs16.x', 'nodejs18.x'], es6),
  ...each('TestPythonRuntimes.test_handler_in_submodule', ['python3.8', 'python3.9', 'python3.10', 'python3.11'], submodule),
  ...each('TestPythonRuntimes.test_python_runtime_correct_versions', ['python3.9', 'python3.10', 'python3.11'], version),
};
