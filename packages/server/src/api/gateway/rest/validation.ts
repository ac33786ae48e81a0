import type { HttpReply } from '../../url/reply.ts';
import type { Exchange } from './exchange.ts';
import { mediaType } from './media.ts';
import { parameterOf } from './parameters.ts';
import { refusal } from './refusal.ts';
import { schemaFaults } from './schema.ts';

/** The answer to a request that is not as its method's validator wants it. */
export function invalid(exchange: Exchange): HttpReply | undefined {
  const { method, stage, incoming } = exchange;
  if (method?.validator === undefined) return undefined;
  if (method.validator.parameters) {
    const missing = Object.entries(method.requestParameters)
      .filter(([name, required]) => required && !parameterOf(name, exchange))
      .map(([name]) => name.split('.').slice(3).join('.'));
    if (missing.length > 0)
      return refusal(exchange, 'BAD_REQUEST_PARAMETERS', {
        message: `Missing required request parameters: [${missing.join(', ')}]`,
      });
  }
  if (!method.validator.body) return undefined;
  const { models } = stage.definition;
  const model = method.requestModels[mediaType(incoming)] ?? method.requestModels['$default'];
  const schema = model === undefined || !Object.hasOwn(models, model) ? undefined : models[model];
  if (schema === undefined) return undefined;
  let faults: readonly string[];
  try {
    faults = schemaFaults(JSON.parse(schema), JSON.parse(Buffer.from(incoming.body).toString('utf8')), models);
  } catch {
    faults = ['is no JSON'];
  }
  return faults.length === 0
    ? undefined
    : refusal(exchange, 'BAD_REQUEST_BODY', { validationError: `[${faults.slice(0, 20).join(', ')}]` });
}
