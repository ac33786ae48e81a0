import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { isIntrinsic, isMap, ref, type Fields } from '../values.ts';

const corsProperties = ['AllowOrigins', 'AllowMethods', 'AllowCredentials', 'AllowHeaders', 'ExposeHeaders', 'MaxAge'];

/** The URL of a function, and who may call it when anyone may. */
export function addUrl(
  logicalId: string,
  properties: Fields,
  aliasId: string | undefined,
  inherited: Fields,
  draft: Draft,
): void {
  const config = properties['FunctionUrlConfig'];
  if (!isMap(config)) return;
  const { AuthType, Cors, InvokeMode } = config;
  if (properties['TenancyConfig'] !== undefined)
    throw new InvalidResource(logicalId, 'Function URL is not supported for functions enabled with tenancy configuration.');
  if (AuthType !== 'AWS_IAM' && AuthType !== 'NONE' && !isIntrinsic(AuthType))
    throw new InvalidResource(
      logicalId,
      'AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.',
    );
  checkCors(Cors, logicalId);
  const target = ref(aliasId ?? logicalId);
  draft.add(`${logicalId}Url`, 'AWS::Lambda::Url', { TargetFunctionArn: target, AuthType, Cors, InvokeMode }, inherited);
  if (AuthType !== 'NONE') return;
  const permission = { FunctionName: target, Principal: '*' };
  draft.add(
    `${logicalId}UrlPublicPermissions`,
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunctionUrl', ...permission, FunctionUrlAuthType: 'NONE' },
    inherited,
  );
  draft.add(
    `${logicalId}URLInvokeAllowPublicAccess`,
    'AWS::Lambda::Permission',
    { Action: 'lambda:InvokeFunction', ...permission, InvokedViaFunctionUrl: true },
    inherited,
  );
}

function checkCors(cors: unknown, logicalId: string): void {
  if (cors === undefined || isIntrinsic(cors)) return;
  if (!isMap(cors))
    throw new InvalidResource(logicalId, 'Cors must be a dictionary. Please check the documentation for valid properties.');
  const unknown = Object.keys(cors).find((name) => !corsProperties.includes(name));
  if (unknown !== undefined) throw new InvalidResource(logicalId, `${unknown} is not a valid property for configuring Cors.`);
}
