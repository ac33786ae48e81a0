'use strict';
// The handler's second argument. @source spec 4.2-02

const parsed = (text) => (text === undefined || text === '' ? undefined : JSON.parse(text));

let known;

/** What is the same for every invocation; reading the environment costs more than all the rest of a context. */
function functionOf() {
  const { env } = process;
  known = {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
  return known;
}

/** @param header  of the event's frame */
function contextOf(header) {
  const { functionVersion, functionName, memoryLimitInMB, logGroupName, logStreamName } = known || functionOf();
  const context = {
    functionVersion,
    functionName,
    memoryLimitInMB,
    logGroupName,
    logStreamName,
    clientContext: parsed(header.clientContext),
    identity: parsed(header.cognitoIdentity),
    invokedFunctionArn: header.invokedArn,
    awsRequestId: header.requestId,
    getRemainingTimeInMillis: () => header.deadlineMs - Date.now(),
  };
  if (header.tenantId !== undefined) context.tenantId = header.tenantId;
  return context;
}

module.exports = { contextOf };
