import { role, settled } from '../kit/functions.ts';
import { pushed } from '../kit/image.ts';
import type { Scenario, Scenarios, Stage } from '../kit/stage.ts';
import { zipOf } from '../../kit/zip.ts';

const FunctionName = 'fn';
const Environment = { Variables: { CUSTOM_ENV: 'test' } };

const read = async (stage: Stage, suffix: string, after = ''): Promise<void> => {
  await settled(stage, FunctionName);
  await stage.check(`get-function-code${suffix}response${after}`, stage.api.getFunction({ FunctionName }));
  await stage.check(`get-function-config${suffix}response${after}`, stage.api.getFunctionConfiguration({ FunctionName }));
};

const crud: Scenario = async (stage) => {
  const { api } = stage;
  const [first, second] = [await pushed(stage, 'first'), await pushed(stage, 'second')];
  const input = { FunctionName, Role: role, PackageType: 'Image', Code: { ImageUri: `${first}:latest` }, Environment } as const;
  await stage.check('create-image-response', api.createFunction(input));
  await read(stage, '-');
  await stage.check('image-to-zipfile-error', api.updateFunctionCode({ FunctionName, ZipFile: await zipOf({ a: 'b' }) }));
  await stage.check('update-function-code-response', api.updateFunctionCode({ FunctionName, ImageUri: `${second}:latest` }));
  await read(stage, '-', '-after-update');
};

const imageConfig: Scenario = async (stage) => {
  const { api } = stage;
  const ImageUri = `${await pushed(stage, 'first')}:latest`;
  const ImageConfig = { EntryPoint: ['sh'], Command: ['-c', 'echo test'], WorkingDirectory: '/app1' };
  const input = { FunctionName, Role: role, PackageType: 'Image', Code: { ImageUri }, ImageConfig, Environment } as const;
  await stage.check('create-image-with-config-response', api.createFunction(input));
  await read(stage, '-with-config-');
  const other = { Command: ['-c', 'echo test1'], WorkingDirectory: '/app1' };
  await stage.check('update-function-code-response', api.updateFunctionConfiguration({ FunctionName, ImageConfig: other }));
  await read(stage, '-', '-after-update');
  await stage.check(
    'update-function-code-delete-imageconfig-response',
    api.updateFunctionConfiguration({ FunctionName, ImageConfig: {} }),
  );
  await read(stage, '-', '-after-delete-imageconfig');
};

export const imageScenarios: Scenarios = {
  'TestLambdaImages.test_lambda_image_crud': crud,
  'TestLambdaImages.test_lambda_image_and_image_config_crud': imageConfig,
};
