import type { HttpReply } from '../../url/reply.ts';
import { contextOf, reach, type Exchange } from './exchange.ts';
import { parameterOf } from './parameters.ts';

/** Why the gateway answers by itself. @source API Gateway Developer Guide, "Gateway response types for API Gateway", read 2026-11 */
const refusals = {
  ACCESS_DENIED: [403, 'AccessDeniedException', 'User is not authorized to access this resource'],
  API_CONFIGURATION_ERROR: [500, 'InternalServerErrorException', 'Internal server error'],
  AUTHORIZER_CONFIGURATION_ERROR: [500, 'AuthorizerConfigurationException', null],
  AUTHORIZER_FAILURE: [500, 'AuthorizerConfigurationException', null],
  BAD_REQUEST_BODY: [400, 'BadRequestException', 'Invalid request body'],
  BAD_REQUEST_PARAMETERS: [400, 'BadRequestException', 'Missing required request parameters'],
  INTEGRATION_FAILURE: [504, 'InternalServerErrorException', 'Internal server error'],
  INTEGRATION_TIMEOUT: [504, 'InternalServerErrorException', 'Endpoint request timed out'],
  INVALID_API_KEY: [403, 'ForbiddenException', 'Forbidden'],
  INVALID_SIGNATURE: [
    403,
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  ],
  MISSING_AUTHENTICATION_TOKEN: [403, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
  REQUEST_TOO_LARGE: [413, 'RequestTooLargeException', 'Request Too Long'],
  UNAUTHORIZED: [401, 'UnauthorizedException', 'Unauthorized'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'BadRequestException', 'Unsupported Media Type'],
} as const;

export type RefusalType = keyof typeof refusals;

export interface RefusalDetails {
  readonly status?: number;
  readonly message?: string;
  /** What is wrong with a body. */
  readonly validationError?: string;
}

/** The gateway's own answer, as the API has it for its kind: status, headers and body of its gateway response. */
export function refusal(exchange: Exchange, type: RefusalType, details: RefusalDetails = {}): HttpReply {
  const [usual, errorType, words] = refusals[type];
  const usualStatus = details.status ?? usual;
  exchange.error = {
    message: details.message ?? words,
    type,
    ...(details.validationError === undefined ? {} : { validationError: details.validationError }),
  };
  const { gatewayResponses } = exchange.stage.definition;
  const group = usualStatus < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
  const own = Object.hasOwn(gatewayResponses, type) ? gatewayResponses[type] : undefined;
  const made = own ?? (Object.hasOwn(gatewayResponses, group) ? gatewayResponses[group] : undefined);
  const [contentType, template] = Object.entries(made?.responseTemplates ?? {})[0] ?? ['application/json', usualTemplate(type)];
  const headers: Record<string, string> = { 'Content-Type': contentType, 'x-amzn-ErrorType': errorType };
  for (const [target, expression] of Object.entries(made?.responseParameters ?? {})) {
    const [, name] = /^gatewayresponse\.header\.(.+)$/.exec(target) ?? [];
    const value = name === undefined ? undefined : parameterOf(expression, exchange);
    if (name !== undefined && value !== undefined && isFieldValue(value)) headers[name] = value;
  }
  const status = Number(made?.statusCode ?? usualStatus);
  return { status, headers, body: Buffer.from(filled(template, exchange)) };
}

/** Denials have always been written with a capital. */
const usualTemplate = (type: RefusalType): string =>
  type === 'ACCESS_DENIED' ? '{"Message":$context.error.messageString}' : '{"message":$context.error.messageString}';

/** Templates of gateway responses know variables and nothing else. */
function filled(template: string, exchange: Exchange): string {
  const context = contextOf(exchange);
  return template.replaceAll(
    /\$(context|stageVariables)\.([\w-]+(?:\.[\w-]+)*)|\$method\.(request\.(?:header|querystring|path)\.[\w-]+)/g,
    (_whole, root: string | undefined, path: string, parameter: string) => {
      const value =
        root === undefined
          ? parameterOf(`method.${parameter}`, exchange)
          : reach(root === 'context' ? context : exchange.stage.variables, path);
      return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    },
  );
}

/** Neither lines nor anything else can be put into a head by what stands in a request. */
// oxlint-disable-next-line no-control-regex -- control characters are what must not get into a header
export const isFieldValue = (text: string): boolean => !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(text);
