import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { asMap, getAtt, isMap, ref, type Fields } from '../values.ts';

/** What a connector must know of a resource at one of its ends. */
export interface End {
  /** As CloudFormation calls it. */
  readonly type: string;
  /** As the template calls it. */
  readonly writtenType: string;
  readonly arn: unknown;
  readonly name: unknown;
  readonly roleName: unknown;
  readonly queueUrl: unknown;
}

const referredTo = new Set(['AWS::SNS::Topic', 'AWS::StepFunctions::StateMachine']);

/** @param written  a resource of the template by its `Id`, or its type and ARN */
export function readEnd(connectorId: string, written: unknown, typesAsWritten: ReadonlyMap<string, string>, draft: Draft): End {
  const given = asMap(written);
  const { Id: id, Type: type } = given;
  if (id !== undefined) return ofTemplate(connectorId, String(id), typesAsWritten, draft);
  if (typeof type !== 'string') throw new InvalidResource(connectorId, `'Type' is missing or not a string.`);
  const { Arn: arn, Name: name, RoleName: roleName, QueueUrl: queueUrl } = given;
  return { type, writtenType: type, arn, name, roleName, queueUrl };
}

function ofTemplate(connectorId: string, id: string, typesAsWritten: ReadonlyMap<string, string>, draft: Draft): End {
  const resource = draft.made[id] ?? draft.written[id];
  if (!isMap(resource) || typeof resource['Type'] !== 'string')
    throw new InvalidResource(connectorId, `Unable to find resource with logical ID '${id}'.`);
  const type = resource['Type'];
  return {
    type,
    writtenType: typesAsWritten.get(id) ?? type,
    arn: referredTo.has(type) ? ref(id) : getAtt(id),
    name: type === 'AWS::StepFunctions::StateMachine' ? getAtt(id, 'Name') : undefined,
    roleName: roleNameOf(resource),
    queueUrl: type === 'AWS::SQS::Queue' ? ref(id) : undefined,
  };
}

/** A role that is a resource of the same template is referred to by name. */
function roleNameOf(resource: Fields): unknown {
  const properties = asMap(resource['Properties']);
  const arn = properties['Role'] ?? properties['RoleArn'];
  const path = isMap(arn) ? arn['Fn::GetAtt'] : undefined;
  const [roleId, attribute] = typeof path === 'string' ? path.split('.') : Array.isArray(path) ? (path as unknown[]) : [];
  return typeof roleId === 'string' && attribute === 'Arn' ? ref(roleId) : undefined;
}
