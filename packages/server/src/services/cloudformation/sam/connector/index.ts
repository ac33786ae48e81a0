import type { Draft, SamResource } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { readProperties, shapeOf } from '../shape.ts';
import { textOf, isMap, asMap, listOf, own, pick, sub, type Fields } from '../values.ts';
import { readEnd, type End } from './end.ts';
import { machine, profiles, type Profile } from './profiles.ts';

const shape = shapeOf({
  typed: { map: 'Source', 'map or list': 'Destination', texts: 'Permissions' },
  required: 'Source Destination Permissions',
});

/** Types of resources as the template writes them, by logical id: what they are called in messages and in metadata. */
export type TypesAsWritten = ReadonlyMap<string, string>;

/** `AWS::Serverless::Connector`: what one resource must be allowed so that it can use another. */
export function translateConnector(
  { logicalId, type, properties, inherited, own: attributes }: SamResource,
  types: TypesAsWritten,
  draft: Draft,
): void {
  const { Source, Destination, Permissions } = readProperties(shape, logicalId, type, properties);
  const permissions = listOf(Permissions).map(textOf);
  for (const [at, destination] of listOf(Destination).entries()) {
    const suffix = Array.isArray(Destination) ? `Destination${at}` : '';
    const ends = {
      source: readEnd(logicalId, Source, types, draft),
      destination: readEnd(logicalId, destination, types, draft),
    };
    connect({ logicalId, suffix, permissions, inherited: { ...pick(attributes, ['DependsOn']), ...inherited }, draft, ...ends });
  }
}

/** Connectors that a resource brings along, in its attribute `Connectors`. */
export function connectorsOf(logicalId: string, resource: Fields): readonly SamResource[] {
  const connectors = asMap(resource['Connectors']);
  return Object.entries(connectors).map(([name, connector]) => {
    const written = asMap(asMap(connector)['Properties']);
    const { SourceReference: reference, ...properties } = written;
    const source = { Id: logicalId, ...asMap(reference) };
    const inherited = pick(asMap(connector), ['Condition', 'DeletionPolicy', 'UpdateReplacePolicy']);
    const type = 'AWS::Serverless::Connector';
    return { logicalId: `${logicalId}${name}`, type, properties: { Source: source, ...properties }, inherited, own: {} };
  });
}

interface Connection {
  readonly logicalId: string;
  /** Which of several destinations it is. */
  readonly suffix: string;
  readonly source: End;
  readonly destination: End;
  readonly permissions: readonly string[];
  readonly inherited: Fields;
  readonly draft: Draft;
}

function connect(connection: Connection): void {
  const { logicalId, source, destination } = connection;
  const profile = own(own(profiles, source.type) ?? {}, destination.type);
  if (profile === undefined)
    throw new InvalidResource(
      logicalId,
      `Unable to create connector from ${source.type} to ${destination.type}; it's not supported or the template is invalid.`,
    );
  checkPermissions(connection, profile);
  switch (profile.kind) {
    case 'role':
      return addPolicy(connection, profile);
    case 'permission':
      return addPermission(connection, profile.principal);
    case 'queue':
      return addResourcePolicy(connection, profile.principal, {
        suffix: 'QueuePolicy',
        type: 'AWS::SQS::QueuePolicy',
        action: 'sqs:SendMessage',
        of: { Queues: [destination.queueUrl] },
      });
    case 'topic':
      return addResourcePolicy(connection, profile.principal, {
        suffix: 'TopicPolicy',
        type: 'AWS::SNS::TopicPolicy',
        action: 'sns:Publish',
        of: { Topics: [destination.arn] },
      });
  }
}

function checkPermissions({ logicalId, source, destination, permissions }: Connection, profile: Profile): void {
  const known = profile.kind === 'role' ? Object.keys(profile.permissions).toSorted() : ['Write'];
  const isWhole = profile.kind === 'role' && profile.isWhole === true;
  const isKnown = permissions.every((each) => known.includes(each)) && permissions.length > 0;
  if (isKnown && (!isWhole || known.every((each) => permissions.includes(each)))) return;
  const valid = isWhole ? `combinations are: ${known.join(' + ')}` : `values are: ${known.join(', ')}`;
  throw new InvalidResource(
    logicalId,
    `Unsupported 'Permissions' provided for connector from ${source.type} to ${destination.type}; valid ${valid}.`,
  );
}

const added = (
  { logicalId, source, destination, inherited, draft }: Connection,
  id: string,
  type: string,
  properties: Fields,
) => {
  const ends = { Source: { Type: source.writtenType }, Destination: { Type: destination.writtenType } };
  draft.add(id, type, properties, { Metadata: { 'aws:sam:connectors': { [logicalId]: ends } }, ...inherited });
};

function addPolicy(connection: Connection, profile: Extract<Profile, { kind: 'role' }>): void {
  const { logicalId, suffix, source, destination, permissions } = connection;
  const holder = profile.of === 'Source' ? source : destination;
  if (holder.roleName === undefined)
    throw new InvalidResource(logicalId, `Unable to get IAM role name from '${profile.of}' resource.`);
  const statements = Object.entries(profile.permissions)
    .filter(([permission]) => permissions.includes(permission))
    .flatMap(([, each]) => each)
    .map(({ actions, resources }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources.map((pattern) => resourceOf(pattern, connection)),
    }));
  const policyId = `${logicalId}Policy${suffix}`;
  added(connection, policyId, 'AWS::IAM::ManagedPolicy', {
    PolicyDocument: { Version: '2012-10-17', Statement: statements },
    Roles: [holder.roleName],
  });
  if (profile.of === 'Destination') makeWait(connection, policyId, ([, resource]) => isMapping(resource, connection));
  if (source.type === machine && destination.type === machine) makeWait(connection, policyId, ([id]) => id === source.id);
}

/** What is tried out when it is made comes after the policy that lets it. */
function makeWait({ draft }: Connection, policyId: string, isOne: (entry: readonly [string, Fields]) => boolean): void {
  for (const resources of [draft.made, draft.written] as Record<string, unknown>[]) {
    for (const [id, resource] of Object.entries(resources)) {
      if (!isMap(resource) || !isOne([id, resource])) continue;
      const before = resource['DependsOn'];
      resources[id] = { ...resource, DependsOn: [...(before === undefined ? [] : listOf(before)), policyId] };
    }
  }
}

/** Whether a resource has Lambda poll the source for the destination. */
function isMapping({ Type: type, Properties: properties }: Fields, { source, destination }: Connection): boolean {
  if (type !== 'AWS::Lambda::EventSourceMapping' || source.id === undefined) return false;
  const { FunctionName, EventSourceArn } = asMap(properties);
  const path = asMap(EventSourceArn)['Fn::GetAtt'];
  return asMap(FunctionName)['Ref'] === destination.id && Array.isArray(path) && path[0] === source.id;
}

function resourceOf(pattern: string, { source, destination }: Connection): unknown {
  if (pattern === '%s') return source.arn;
  if (pattern === '%d') return destination.arn;
  if (pattern.startsWith('%s')) return sub(`\${SourceArn}${pattern.slice(2)}`, { SourceArn: source.arn });
  if (pattern.startsWith('%d')) return sub(`\${DestinationArn}${pattern.slice(2)}`, { DestinationArn: destination.arn });
  return pattern.includes('${DestinationName}') ? sub(pattern, { DestinationName: destination.name }) : sub(pattern);
}

function addPermission(connection: Connection, principal: string): void {
  const { logicalId, suffix, source, destination } = connection;
  added(connection, `${logicalId}WriteLambdaPermission${suffix}`, 'AWS::Lambda::Permission', {
    Action: 'lambda:InvokeFunction',
    FunctionName: destination.arn,
    Principal: principal,
    ...(source.type === 'AWS::S3::Bucket' ? { SourceAccount: sub('${AWS::AccountId}') } : {}),
    SourceArn: source.type.startsWith('AWS::ApiGateway') ? executionsOf(source) : source.arn,
  });
}

/** Calls of an API, or of the part of it that is meant. */
const executionsOf = ({ arn: id, qualifier = '*' }: End): Fields =>
  sub('arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${SourceResourceId}/${SourceQualifier}', {
    SourceResourceId: id,
    SourceQualifier: qualifier,
  });

function addResourcePolicy(
  connection: Connection,
  principal: string,
  what: { readonly suffix: string; readonly type: string; readonly action: string; readonly of: Fields },
): void {
  const { logicalId, suffix, source, destination } = connection;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: principal },
    Resource: destination.arn,
    Action: what.action,
    Condition: { ArnEquals: { 'aws:SourceArn': source.arn } },
  };
  added(connection, `${logicalId}${what.suffix}${suffix}`, what.type, {
    PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
    ...what.of,
  });
}
