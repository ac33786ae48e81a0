exports.handler = async (event, context) => {
  console.log('got', event.n);
  console.warn('first line\nand second of', event.n);
  if (event.fail) throw new TypeError('it did not work');
  return { twice: event.n * 2, requestId: context.awsRequestId, arn: context.invokedFunctionArn };
};
