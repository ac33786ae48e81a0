import { isMap, type Fields } from '../template/template.ts';

export type UpdateAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete';

/**
 * Why a stack's policy keeps an update from a resource; undefined where it does not. Once there is a policy, what no
 * statement allows is denied.
 *
 * @source CloudFormation User Guide, "Prevent updates to stack resources", read 2026-11
 */
export function deniedBy(
  policy: string,
  action: UpdateAction,
  resource: { readonly logicalId: string; readonly type: string },
): string | undefined {
  const statements = [(JSON.parse(policy) as Fields)['Statement']].flat().filter(isMap);
  if (statements.length === 0) return undefined;
  const concerned = statements
    .map((statement, index) => ({ statement, number: index + 1 }))
    .filter(({ statement }) => concerns(statement, action, resource));
  const deny = concerned.find(({ statement }) => statement['Effect'] === 'Deny');
  if (deny !== undefined)
    return `Action denied by stack policy: Statement [#${deny.number}] does not allow [${words(deny.statement['Action']).join(', ')}] for resource [${words(deny.statement['Resource']).join(', ')}]`;
  if (concerned.length > 0) return undefined;
  return `Action denied by stack policy: no statement allows [${action}] for resource [LogicalResourceId/${resource.logicalId}]`;
}

const words = (value: unknown): readonly string[] => [value ?? []].flat().map(String);

/** A star stands for any text. Piece by piece, so that many stars cost no more than the text's length. */
function like(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function concerns(
  statement: Fields,
  action: UpdateAction,
  { logicalId, type }: { readonly logicalId: string; readonly type: string },
): boolean {
  const some = (name: string, text: string): boolean => words(statement[name]).some((pattern) => like(pattern, text));
  const named = (name: string, text: string): boolean =>
    statement[`Not${name}`] === undefined ? some(name, text) : !some(`Not${name}`, text);
  const condition = statement['Condition'];
  const tests = isMap(condition)
    ? Object.values(condition)
        .filter(isMap)
        .flatMap((test) => words(test['ResourceType']))
    : [];
  return (
    named('Action', action) &&
    named('Resource', `LogicalResourceId/${logicalId}`) &&
    (tests.length === 0 || tests.some((pattern) => like(pattern, type)))
  );
}
