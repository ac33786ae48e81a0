import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { conflict, invalid, notFound } from '../faults.ts';
import { parseFunctionName, qualifiedArn, unqualified, type FunctionName, type Scope } from '../names.ts';
import { byKey, page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { zulu } from '../times.ts';
import type { Cors, UrlRecord } from './record.ts';

type Output = LambdaOperations['GetFunctionUrlConfig']['output'];
type WireCors = NonNullable<Output['Cors']>;

/** @source spec 1.7 */
export function urlHandlers(
  room: Room,
): Operations<
  | 'CreateFunctionUrlConfig'
  | 'GetFunctionUrlConfig'
  | 'ListFunctionUrlConfigs'
  | 'UpdateFunctionUrlConfig'
  | 'DeleteFunctionUrlConfig'
> {
  const show = (scope: Scope, functionName: string, qualifier: string, record: UrlRecord): Output =>
    compact<Output>({
      FunctionUrl: room.ports.functionUrl(record.id, scope.region),
      FunctionArn: qualifiedArn(scope, functionName, qualifier === '' ? undefined : qualifier),
      AuthType: record.authType,
      Cors: record.cors && wireCors(record.cors),
      CreationTime: zulu(record.createdAt),
      LastModifiedTime: zulu(record.modifiedAt),
      InvokeMode: record.invokeMode ?? 'BUFFERED',
    });

  return {
    async CreateFunctionUrlConfig(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const part = name.qualifier ?? '';
      const record = await room.shelf.change(scope, (desk, change) => {
        exists(desk, name);
        if (desk.get('version', name.functionName, '$LATEST')?.configuration.tenantIsolation !== undefined)
          throw invalid('Function URLs are not supported for functions with tenant isolation.');
        if (desk.get('url', name.functionName, part) !== undefined)
          throw conflict(
            `Failed to create function url config for [functionArn = ${qualifiedArn(scope, name.functionName, name.qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
          );
        const now = room.clock.now();
        const url = compact<UrlRecord>({
          id: newId(room),
          authType: input.AuthType ?? 'AWS_IAM',
          invokeMode: input.InvokeMode,
          cors: input.Cors && ourCors(input.Cors),
          createdAt: now,
          modifiedAt: now,
        });
        change.put('url', name.functionName, part, url);
        return url;
      });
      // What was not given is not told yet. @source spec 1.7-07
      const { LastModifiedTime: _LastModifiedTime, InvokeMode, ...shown } = show(scope, name.functionName, part, record);
      return record.invokeMode === undefined ? shown : { ...shown, InvokeMode };
    },

    async GetFunctionUrlConfig(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      return show(scope, name.functionName, name.qualifier ?? '', found(room.shelf.desk(scope), name));
    },

    async ListFunctionUrlConfigs(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const desk = room.shelf.desk(scope);
      exists(desk, { functionName });
      const urls = [...desk.parts('url', functionName)].sort(([left], [right]) => byKey(left, right));
      const { rows, ...rest } = page(urls, ([qualifier]) => `q${qualifier}`, input);
      return { FunctionUrlConfigs: rows.map(([qualifier, record]) => show(scope, functionName, qualifier, record)), ...rest };
    },

    async UpdateFunctionUrlConfig(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const record = await room.shelf.change(scope, (desk, change) => {
        const before = found(desk, name);
        const url = compact<UrlRecord>({
          ...before,
          authType: input.AuthType ?? before.authType,
          invokeMode: input.InvokeMode ?? before.invokeMode,
          cors: input.Cors === undefined ? before.cors : ourCors(input.Cors),
          modifiedAt: room.clock.now(),
        });
        change.put('url', name.functionName, name.qualifier ?? '', url);
        return url;
      });
      return show(scope, name.functionName, name.qualifier ?? '', record);
    },

    async DeleteFunctionUrlConfig(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      await room.shelf.change(scope, (desk, change) => {
        found(desk, name);
        change.delete('url', name.functionName, name.qualifier);
      });
      return {};
    },
  };
}

function exists(desk: Desk, { functionName, qualifier }: FunctionName): void {
  const there =
    desk.get('function', functionName) !== undefined &&
    (qualifier === undefined || desk.get('alias', functionName, qualifier) !== undefined);
  if (!there) throw notFound('Function does not exist');
}

function found(desk: Desk, { functionName, qualifier }: FunctionName): UrlRecord {
  const record = desk.get('url', functionName, qualifier);
  if (record === undefined) throw notFound('The resource you requested does not exist.');
  return record;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const newId = (room: Room): string => Array.from(room.random.bytes(32), (byte) => alphabet[byte % 32]).join('');

/** @returns undefined when it is given empty */
function ourCors(given: WireCors): Cors | undefined {
  const cors = compact<Cors>({
    allowCredentials: given.AllowCredentials,
    allowHeaders: given.AllowHeaders,
    allowMethods: given.AllowMethods,
    allowOrigins: given.AllowOrigins,
    exposeHeaders: given.ExposeHeaders,
    maxAgeS: given.MaxAge,
  });
  return Object.keys(cors).length === 0 ? undefined : cors;
}

const wireCors = (cors: Cors): WireCors =>
  compact<WireCors>({
    AllowCredentials: cors.allowCredentials,
    AllowHeaders: cors.allowHeaders as string[] | undefined,
    AllowMethods: cors.allowMethods as string[] | undefined,
    AllowOrigins: cors.allowOrigins as string[] | undefined,
    ExposeHeaders: cors.exposeHeaders as string[] | undefined,
    MaxAge: cors.maxAgeS,
  });
