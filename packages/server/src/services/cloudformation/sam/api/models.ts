import { faulty, type Event } from '../events/event.ts';
import { InvalidResource } from '../faults.ts';
import { asMap, given, isMap, own, textOf, type Fields } from '../values.ts';
import type { Route } from './route.ts';

/** What a method takes as its body, and what is checked before its function is called. */
export interface RequestModel {
  /** In lower case, as the document has it. */
  readonly name: string;
  readonly required: unknown;
  /** The name of the validator; absent where nothing is checked. */
  readonly validator?: keyof typeof validators;
}

const validators = {
  'body-and-params': { validateRequestBody: true, validateRequestParameters: true },
  'body-only': { validateRequestBody: true, validateRequestParameters: false },
  'params-only': { validateRequestBody: false, validateRequestParameters: true },
  'no-validation': { validateRequestBody: false, validateRequestParameters: false },
} as const;

/** @throws InvalidResource  for what is no model */
export function readModels(logicalId: string, models: unknown): Fields {
  const read = asMap(models);
  if (Object.values(read).some((model) => !isMap(model)))
    throw new InvalidResource(logicalId, `Invalid value for 'Models' property`);
  return Object.fromEntries(Object.entries(read).map(([name, model]) => [name.toLowerCase(), model]));
}

/** The model that an event asks for, which must be one of its API's. @throws InvalidResource */
export function readRequestModel(
  event: Event,
  models: unknown,
  { path, method }: Pick<Route, 'path' | 'method'>,
): RequestModel | undefined {
  const {
    Model: name,
    Required: required,
    ValidateBody: body,
    ValidateParameters: parameters,
  } = asMap(event.properties['RequestModel']);
  if (name === undefined) return undefined;
  const where = `on API method [${method}] for path [${path}]`;
  const unable = `Unable to set RequestModel [${textOf(name)}] ${where} because`;
  if (!isMap(models) || Object.keys(models).length === 0)
    throw faulty(event, `${unable} the related API does not define any Models.`);
  if (typeof name !== 'string') throw faulty(event, `${unable} the related API does not contain valid Models.`);
  if (own(models, name) === undefined) throw faulty(event, `${unable} it wasn't defined in the API's Models.`);
  if ([body, parameters].some((each) => each !== undefined && typeof each !== 'boolean'))
    throw faulty(
      event,
      `Unable to set Validator to RequestModel [${name}] ${where} ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.`,
    );
  const model = { name: name.toLowerCase(), required };
  if (body === undefined && parameters === undefined) return model;
  const validator =
    body === true
      ? parameters === true
        ? 'body-and-params'
        : 'body-only'
      : parameters === true
        ? 'params-only'
        : 'no-validation';
  return { ...model, validator };
}

/** What a method's model adds to it. */
export function modelOf({ model, parameters }: Route, isOpenApi3: boolean): Fields {
  if (model === undefined) return {};
  const { name, required, validator } = model;
  const body = isOpenApi3
    ? { requestBody: given({ content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } }, required }) }
    : { parameters: [given({ in: 'body', name, schema: { $ref: `#/definitions/${name}` }, required }), ...parameters] };
  return { ...body, ...(validator === undefined ? {} : { 'x-amazon-apigateway-request-validator': validator }) };
}

/** The validators that the methods of a document name. */
export function validatorsOf(routes: readonly Route[]): Fields | undefined {
  const names = new Set(routes.flatMap(({ model }) => model?.validator ?? []));
  return names.size === 0 ? undefined : Object.fromEntries([...names].map((name) => [name, validators[name]]));
}
