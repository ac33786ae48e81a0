import { allow } from '../role.ts';
import { textOf, isMap, printed, sub, type Fields } from '../values.ts';
import { faulty, type Event } from './event.ts';

/** What a role must hold to read from brokers that ask who is there: secrets, keys, and a way into their network. */

const readSecret = (arn: unknown): Fields => allow(['secretsmanager:GetSecretValue'], arn);
const decrypt = (action: string | readonly string[], keyId: string): Fields =>
  allow(action, sub(`arn:\${AWS::Partition}:kms:\${AWS::Region}:\${AWS::AccountId}:key/${keyId}`));
const networkInterfaces = allow(
  [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeVpcs',
    'ec2:DescribeSubnets',
    'ec2:DescribeSecurityGroups',
  ],
  '*',
);

const kafkaLogins = ['BASIC_AUTH', 'SASL_SCRAM_256_AUTH', 'SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH'];
const kafkaNetwork = ['VPC_SUBNET', 'VPC_SECURITY_GROUP'];
const certificate = 'SERVER_ROOT_CA_CERTIFICATE';

interface Access {
  readonly type: unknown;
  readonly uri: unknown;
}
const accessesIn = (list: unknown): readonly Access[] =>
  Array.isArray(list)
    ? list.map((each: unknown) => ({ type: isMap(each) ? each['Type'] : undefined, uri: isMap(each) ? each['URI'] : undefined }))
    : [];

/** Secrets that say who we are to a schema registry. */
const registryStatements = ({ properties, ...event }: Event): readonly Fields[] => {
  const registry = properties['SchemaRegistryConfig'];
  if (!isMap(registry)) return [];
  for (const field of ['SchemaRegistryURI', 'EventRecordFormat', 'SchemaValidationConfigs'])
    if (registry[field] === undefined)
      throw faulty({ properties, ...event }, `Missing required field ${field} in SchemaRegistryConfig`);
  return accessesIn(registry['AccessConfigs']).map(({ uri }) => readSecret(uri));
};

export function mskAccess(event: Event): readonly Fields[] {
  const accesses = accessesIn(event.properties['SourceAccessConfigurations']);
  const statements = [
    ...registryStatements(event),
    ...accesses.filter(({ type }) => type === 'CLIENT_CERTIFICATE_TLS_AUTH').map(({ uri }) => readSecret(uri)),
  ];
  if (statements.length === 0) return [];
  return [{ PolicyName: 'MSKExecutionRolePolicy', PolicyDocument: { Statement: statements } }];
}

export function kafkaAccess(event: Event): readonly Fields[] {
  const { Topics, KafkaBootstrapServers, SourceAccessConfigurations, SecretsManagerKmsKeyId } = event.properties;
  if (!KafkaBootstrapServers) throw faulty(event, 'No KafkaBootstrapServers provided for self managed kafka as an event source');
  if (!Topics) throw faulty(event, 'No Topics provided for self managed kafka as an event source');
  if (Array.isArray(Topics) && Topics.length !== 1)
    throw faulty(event, 'Topics for self managed kafka only supports single configuration entry.');
  if (!SourceAccessConfigurations) throw faulty(event, 'No SourceAccessConfigurations for self managed kafka event provided.');
  if (!Array.isArray(SourceAccessConfigurations))
    throw faulty(event, 'SourceAccessConfigurations for self managed kafka event should be a list.');
  const accesses = accessesIn(SourceAccessConfigurations);
  checkKafka(event, accesses);
  const secrets = (types: readonly string[]): readonly Fields[] =>
    accesses.filter(({ type }) => types.includes(textOf(type))).map(({ uri }) => readSecret(uri));
  const statements = [
    ...secrets(kafkaLogins),
    ...secrets([certificate]),
    ...(accesses.some(({ type }) => kafkaNetwork.includes(textOf(type))) ? [networkInterfaces] : []),
    ...(SecretsManagerKmsKeyId === undefined ? [] : [decrypt(['kms:Decrypt'], keyId(event))]),
    ...registryStatements(event),
  ];
  if (statements.length === 0) return [];
  const document = { Statement: statements, Version: '2012-10-17' };
  return [{ PolicyName: 'SelfManagedKafkaExecutionRolePolicy', PolicyDocument: document }];
}

function checkKafka(event: Event, accesses: readonly Access[]): void {
  if (accesses.some(({ type }) => ![...kafkaLogins, ...kafkaNetwork, certificate].includes(textOf(type))))
    throw faulty(event, 'Invalid SourceAccessConfigurations Type provided for self managed kafka event.');
  const logins = accesses.filter(({ type }) => kafkaLogins.includes(textOf(type)));
  if (logins.length > 1)
    throw faulty(
      event,
      'Multiple auth mechanism properties specified in SourceAccessConfigurations for self managed kafka event.',
    );
  if (logins.some(({ uri }) => !uri))
    throw faulty(event, 'No auth mechanism URI property specified in SourceAccessConfigurations for self managed kafka event.');
  const [subnets, groups] = kafkaNetwork.map((network) => accesses.some(({ type }) => type === network));
  if (subnets !== groups)
    throw faulty(
      event,
      'VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for SelfManagedKafka must be both provided.',
    );
}

export function mqAccess(event: Event): readonly Fields[] {
  const { Broker, DynamicPolicyName, SecretsManagerKmsKeyId } = event.properties;
  const secret = loginSecret(event, 'Amazon MQ', ['BASIC_AUTH', 'VIRTUAL_HOST']);
  const statements = [
    readSecret(secret),
    allow(['mq:DescribeBroker'], Broker),
    ...(SecretsManagerKmsKeyId === undefined ? [] : [decrypt('kms:Decrypt', keyId(event))]),
  ];
  const name = DynamicPolicyName === true ? `${event.logicalId}AMQPolicy` : 'SamAutoGeneratedAMQPolicy';
  return [{ PolicyName: name, PolicyDocument: { Statement: statements } }];
}

export function documentDbAccess(event: Event): readonly Fields[] {
  const { Cluster, SecretsManagerKmsKeyId } = event.properties;
  const secret = loginSecret(event, 'Amazon DocumentDB', ['BASIC_AUTH']);
  const rds = (action: string, resource: string): Fields =>
    allow([`rds:${action}`], sub(`arn:\${AWS::Partition}:rds:\${AWS::Region}:\${AWS::AccountId}:${resource}:*`));
  const statements = [
    readSecret(secret),
    rds('DescribeDBClusterParameters', 'cluster-pg'),
    rds('DescribeDBSubnetGroups', 'subgrp'),
    allow(['rds:DescribeDBClusters'], Cluster),
    networkInterfaces,
    ...(SecretsManagerKmsKeyId === undefined ? [] : [decrypt(['kms:Decrypt'], keyId(event))]),
  ];
  return [{ PolicyName: 'SamAutoGeneratedDocumentDBPolicy', PolicyDocument: { Statement: statements } }];
}

/** The one secret that brokers of this kind ask for. */
function loginSecret(event: Event, broker: string, types: readonly string[]): unknown {
  const { SourceAccessConfigurations } = event.properties;
  if (!SourceAccessConfigurations) throw faulty(event, `No SourceAccessConfigurations for ${broker} event provided.`);
  if (!Array.isArray(SourceAccessConfigurations))
    throw faulty(event, 'Provided SourceAccessConfigurations cannot be parsed into a list.');
  const wrong = SourceAccessConfigurations.findIndex((each) => !isMap(each));
  if (wrong >= 0) throw faulty(event, `Property 'SourceAccessConfigurations[${wrong}]' should be a map.`);
  const accesses = accessesIn(SourceAccessConfigurations);
  if (accesses.some(({ type }) => !types.includes(textOf(type))))
    throw faulty(
      event,
      `Invalid property Type specified in SourceAccessConfigurations. The supported values are: ${printed(types)}.`,
    );
  const logins = accesses.filter(({ type }) => type === 'BASIC_AUTH');
  if (logins.length === 0) throw faulty(event, 'No BASIC_AUTH property specified in SourceAccessConfigurations.');
  if (logins.length > 1) throw faulty(event, 'Multiple BASIC_AUTH properties specified in SourceAccessConfigurations.');
  if (!logins[0]?.uri) throw faulty(event, 'No BASIC_AUTH URI property specified in SourceAccessConfigurations.');
  return logins[0].uri;
}

function keyId(event: Event): string {
  const id = event.properties['SecretsManagerKmsKeyId'];
  if (typeof id === 'string') return id;
  throw faulty(event, `Property 'SecretsManagerKmsKeyId' should be a string.`);
}
