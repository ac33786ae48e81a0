import { created, fixture, json, settled } from '../kit/functions.ts';
import { queue, received } from '../kit/neighbours.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';

const contextProgram = `def handler(event, context):
    names = ["invoked_function_arn", "function_version", "function_name", "memory_limit_in_mb", "aws_request_id", "log_group_name", "log_stream_name", "client_context"]
    return {"event": event, "context": {name: getattr(context, name) for name in names}}
`;

const onSuccess: Scenario = async (stage) => {
  const { api } = stage;
  const destination = await queue(stage, 'destination');
  await created(stage, FunctionName, { files: { 'handler.py': contextProgram }, Handler: 'handler.handler' });
  const both = { OnSuccess: { Destination: destination.arn }, OnFailure: { Destination: destination.arn } };
  const config = { FunctionName, MaximumRetryAttempts: 0, DestinationConfig: both };
  await stage.check('put_function_event_invoke_config', api.putFunctionEventInvokeConfig(config));
  await api.invoke({ FunctionName, InvocationType: 'Event', Payload: json({}) });
  stage.match('receive_message_result', await received(destination));
};

/** Written so that it fails in the line that was recorded. */
const failing = `import logging

logging.getLogger().setLevel(logging.INFO)

def handler(event, context):
    print("Lambda log message - print function")
    logging.info("Lambda log message - logging module")
    if event.get("raise_error"):
${'        # it fails below\n'.repeat(46)}        raise Exception("Test exception (this is intentional)")
    return {}
`;

const deadLetters: Scenario = async (stage) => {
  const { api } = stage;
  const dead = await queue(stage, 'dead');
  const options = { files: { 'handler.py': failing }, DeadLetterConfig: { TargetArn: dead.arn } };
  stage.match('create_lambda_with_dlq', await fixture(stage, FunctionName, options));
  await api.putFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 0 });
  const Payload = Buffer.from('{"raise_error": 1}');
  await api.invoke({ FunctionName, InvocationType: 'Event', Payload });
  stage.match('receive_result', await received(dead, { MessageAttributeNames: ['All'] }));
  await stage.check('delete_dlq', api.updateFunctionConfiguration({ FunctionName, DeadLetterConfig: {} }));
  await settled(stage, FunctionName);
  const { LogResult } = await stage.check('invoke_result', api.invoke({ FunctionName, Payload, LogType: 'Tail' }));
  const lines = Buffer.from(String(LogResult), 'base64').toString('utf8').split('\n');
  // The recording leaves out what starts the process and what it cost.
  stage.match('log_result', { result: lines.filter((line) => line !== '' && !/^(INIT_START|REPORT)/.test(line)) });
};

export const destinationScenarios: Scenarios = {
  'TestLambdaDestinationSqs.test_assess_lambda_destination_invocation[payload0]': onSuccess,
  'TestLambdaDLQ.test_dead_letter_queue': deadLetters,
};
