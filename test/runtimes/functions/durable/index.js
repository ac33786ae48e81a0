'use strict';
// One durable function for each thing that the SDK can do; the event says which.
const { withDurableExecution } = require('@aws/durable-execution-sdk-js');
const { appendFileSync, readFileSync } = require('node:fs');

/** What ran, in a file that no crash takes back. */
const note = (text) => process.env.NOTES && appendFileSync(process.env.NOTES, `${text}\n`);

const flows = {
  async steps({ name }, context) {
    const greeting = await context.step('greet', async () => `Hello ${name}`);
    const loud = await context.step('shout', async () => greeting.toUpperCase());
    return { greeting, loud };
  },
  async retried(_event, context) {
    const attempts = await context.step(
      'flaky',
      async ({ attempt }) => {
        if (attempt < 3) throw new Error(`attempt ${attempt}`);
        return attempt;
      },
      { retryStrategy: (_error, attempt) => ({ shouldRetry: attempt < 5, delay: { seconds: 1 } }) },
    );
    return { attempts };
  },
  async waited({ seconds }, context) {
    const before = await context.step('before', async () => Date.now());
    await context.wait('pause', { seconds });
    const after = await context.step('after', async () => Date.now());
    return { ms: after - before };
  },
  async approved({ timeout }, context) {
    const [answer, callbackId] = await context.createCallback('approval', timeout);
    note(callbackId);
    try {
      return { approved: await answer };
    } catch (error) {
      return { refused: error.message, type: error.name };
    }
  },
  async parallel({ numbers }, context) {
    const both = await context.parallel('both', [
      async (child) => child.step('left', async () => 'l'),
      async (child) => {
        await child.wait({ seconds: 1 });
        return child.step('right', async () => 'r');
      },
    ]);
    const squares = await context.map('squares', numbers, async (child, number, index) =>
      child.step(`square-${index}`, async () => number * number),
    );
    return { both: both.getResults(), squares: squares.getResults() };
  },
  async conditional(_event, context) {
    return context.waitForCondition(async (state) => ({ count: state.count + 1 }), {
      initialState: { count: 0 },
      waitStrategy: (state) => (state.count >= 3 ? { shouldContinue: false } : { shouldContinue: true, delay: { seconds: 1 } }),
    });
  },
  async chained({ target, input }, context) {
    try {
      return { answer: await context.invoke('other', target, input) };
    } catch (error) {
      return { failed: error.message };
    }
  },
  async failing() {
    const error = new TypeError('This cannot be.');
    throw error;
  },
  async hanging(_event, context) {
    await context.wait('for ever', { hours: 1 });
  },
  async crashing({ times }, context) {
    await context.step('first', async () => note('first'));
    if (times > (await context.step('count', async () => 0))) {
      const { readFileSync } = require('node:fs');
      const crashes = readFileSync(process.env.NOTES, 'utf8')
        .split('\n')
        .filter((line) => line === 'crash').length;
      if (crashes < times) {
        note('crash');
        process.exit(7);
      }
    }
    return 'survived';
  },
  async large({ bytes }, context) {
    await context.step('small', async () => 1);
    return 'x'.repeat(bytes);
  },
  async long({ steps, seconds }, context) {
    for (let index = 0; index < steps; index += 1) {
      await context.step(`step-${index}`, async () => note(`step-${index}`));
      await context.wait({ seconds });
    }
    return steps;
  },
};

exports.handler = withDurableExecution((event, context) => flows[event.flow](event, context));
exports.ordinary = async (event) => {
  if (event.fail) throw new RangeError('ordinary failure');
  return { ordinary: event };
};
