// Logger, metrics and tracer of Powertools, in middy's chain.
import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { Tracer } from '@aws-lambda-powertools/tracer';

const logger = new Logger({ serviceName: 'orders' });
const metrics = new Metrics({ namespace: 'shop', serviceName: 'orders' });
const tracer = new Tracer({ serviceName: 'orders' });

export const handler = middy()
  .use(injectLambdaContext(logger, { logEvent: false }))
  .use(logMetrics(metrics, { captureColdStartMetric: true }))
  .before(({ event }) => void (event.seen = true))
  .onError((request) => {
    if (request.event.rescue) request.response = { rescued: request.error.message };
  })
  .handler(async (event) => {
    logger.info('an order', { n: event.n });
    metrics.addMetric('orders', MetricUnit.Count, 1);
    if (event.fail) throw new RangeError('it did not work');
    return { twice: event.n * 2, seen: event.seen, traced: tracer.isTracingEnabled(), root: tracer.getRootXrayTraceId() ?? null };
  });
