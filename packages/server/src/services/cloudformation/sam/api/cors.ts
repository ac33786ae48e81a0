import { InvalidResource } from '../faults.ts';
import { isIntrinsic, isMap, type Fields } from '../values.ts';
import { anyMethod } from './route.ts';

const allMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const known = ['AllowOrigin', 'AllowMethods', 'AllowHeaders', 'MaxAge', 'AllowCredentials'];

/** Which other origins may call a REST API from a browser. Values are Swagger's: texts in quotes of their own. */
export interface Cors {
  readonly origin: unknown;
  readonly methods: unknown;
  readonly headers: unknown;
  readonly maxAge: unknown;
  readonly hasCredentials: boolean;
}

/** @throws InvalidResource */
export function readCors(logicalId: string, written: unknown): Cors | undefined {
  if (written === undefined) return undefined;
  const none = { methods: undefined, headers: undefined, maxAge: undefined, hasCredentials: false };
  if (!isMap(written) || isIntrinsic(written)) return { ...none, origin: written };
  const unknown = Object.keys(written).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidResource(logicalId, `Invalid key '${unknown}' for 'Cors' property.`);
  const { AllowOrigin: origin = `'*'`, AllowMethods, AllowHeaders, MaxAge, AllowCredentials } = written;
  const hasCredentials = AllowCredentials === true;
  if (hasCredentials && origin === `'*'`)
    throw new InvalidResource(
      logicalId,
      `Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is "'*'" or not set`,
    );
  return { origin, methods: AllowMethods, headers: AllowHeaders, maxAge: MaxAge, hasCredentials };
}

/** The method by which a browser asks before it sends: the API answers it alone. */
export function preflight(cors: Cors, methodsOfPath: readonly string[], isOpenApi3: boolean): Fields {
  const names = [
    ['Allow-Origin', cors.origin, 'string'],
    ['Allow-Headers', cors.headers, 'string'],
    ['Allow-Methods', cors.methods ?? allowed(methodsOfPath), 'string'],
    ['Max-Age', cors.maxAge, 'integer'],
    ['Allow-Credentials', cors.hasCredentials ? `'true'` : undefined, 'string'],
  ] as const;
  const given = names.filter(([, value]) => value !== undefined && value !== '');
  const header = (type: string): Fields => (isOpenApi3 ? { schema: { type } } : { type });
  const headers = Object.fromEntries(given.map(([name, , type]) => [`Access-Control-${name}`, header(type)]));
  const parameters = Object.fromEntries(given.map(([name, value]) => [`method.response.header.Access-Control-${name}`, value]));
  return {
    summary: 'CORS support',
    ...(isOpenApi3 ? {} : { consumes: ['application/json'], produces: ['application/json'] }),
    'x-amazon-apigateway-integration': {
      type: 'mock',
      requestTemplates: { 'application/json': '{\n  "statusCode" : 200\n}\n' },
      responses: {
        default: { statusCode: '200', responseParameters: parameters, responseTemplates: { 'application/json': '{}\n' } },
      },
    },
    responses: { '200': { description: 'Default response for CORS method', headers } },
  };
}

function allowed(methods: readonly string[]): string {
  if (methods.includes(anyMethod)) return `'${allMethods.join(',')}'`;
  const names = new Set([...methods.map((method) => method.toUpperCase()), 'OPTIONS']);
  return `'${[...names].toSorted().join(',')}'`;
}
