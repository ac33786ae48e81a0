import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { textOf, asMap, getAtt, isMap, ref, type Fields } from '../values.ts';

/** What a connector must know of a resource at one of its ends. */
export interface End {
  /** Its logical id, where it is a resource of the template. */
  readonly id?: string;
  /** As CloudFormation calls it. */
  readonly type: string;
  /** As the template calls it. */
  readonly writtenType: string;
  readonly arn: unknown;
  readonly name: unknown;
  readonly roleName: unknown;
  readonly queueUrl: unknown;
  /** Which part of an API is meant. */
  readonly qualifier: unknown;
}

/** Types that a reference names the ARN of, or, for APIs, the id. */
const referredTo = new Set([
  'AWS::SNS::Topic',
  'AWS::StepFunctions::StateMachine',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGatewayV2::Api',
]);

/** @param written  a resource of the template by its `Id`, or its type and ARN */
export function readEnd(connectorId: string, written: unknown, typesAsWritten: ReadonlyMap<string, string>, draft: Draft): End {
  const given = asMap(written);
  const { Id: id, Type: type } = given;
  if (id !== undefined) {
    const { Id: _, Qualifier: qualifier, ...others } = given;
    if (Object.keys(others).length > 0)
      throw new InvalidResource(
        connectorId,
        `Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.`,
      );
    return { ...ofTemplate(connectorId, textOf(id), typesAsWritten, draft), qualifier };
  }
  if (typeof type !== 'string') throw new InvalidResource(connectorId, `'Type' is missing or not a string.`);
  const { Arn: arn, Name: name, RoleName: roleName, QueueUrl: queueUrl, Qualifier: qualifier, ResourceId } = given;
  return { type, writtenType: type, arn: arn ?? ResourceId, name, roleName, queueUrl, qualifier };
}

function ofTemplate(
  connectorId: string,
  id: string,
  typesAsWritten: ReadonlyMap<string, string>,
  draft: Draft,
): Omit<End, 'qualifier'> {
  const resource = draft.made[id] ?? draft.written[id];
  if (!isMap(resource) || typeof resource['Type'] !== 'string')
    throw new InvalidResource(connectorId, `Unable to find resource with logical ID '${id}'.`);
  const type = resource['Type'];
  return {
    id,
    type,
    writtenType: typesAsWritten.get(id) ?? type,
    arn: referredTo.has(type) ? ref(id) : getAtt(id),
    name: type === 'AWS::StepFunctions::StateMachine' ? getAtt(id, 'Name') : undefined,
    roleName: roleNameOf(resource),
    queueUrl: type === 'AWS::SQS::Queue' ? ref(id) : undefined,
  };
}

/** The role of a function or a state machine, or of what a rule sends to: one of the same template is referred to by name. */
function roleNameOf(resource: Fields): unknown {
  const properties = asMap(resource['Properties']);
  const targets = Array.isArray(properties['Targets']) ? (properties['Targets'] as unknown[]) : [];
  const ofTarget = targets.map((target) => asMap(target)['RoleArn']).find((each) => each !== undefined);
  const arn = properties['Role'] ?? properties['RoleArn'] ?? ofTarget;
  const path = isMap(arn) ? arn['Fn::GetAtt'] : undefined;
  const [roleId, attribute] = typeof path === 'string' ? path.split('.') : Array.isArray(path) ? (path as unknown[]) : [];
  return typeof roleId === 'string' && attribute === 'Arn' ? ref(roleId) : undefined;
}
