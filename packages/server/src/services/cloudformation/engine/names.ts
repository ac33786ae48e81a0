import type { Random } from '../../../base/index.ts';
import type { Properties, ResourceType } from '../resources/type.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const chance = (random: Random, length: number): string =>
  [...random.bytes(length)].map((byte) => letters[byte % letters.length]).join('');

/** `stack-resource-1A2B3C4D5E6F`, shortened to what the service takes. */
export function physicalName(
  type: ResourceType,
  properties: Properties,
  stack: { readonly name: string; readonly logicalId: string },
  random: Random,
): string {
  const rule = type.name;
  const own: unknown = rule === undefined ? undefined : properties[rule.property];
  if (own !== undefined) return String(own);
  const suffix = rule?.suffix?.(properties) ?? '';
  const tail = `-${chance(random, 12)}`;
  const room = Math.max(0, (rule?.most ?? 255) - tail.length - suffix.length - 1);
  const half = Math.floor(room / 2);
  const [first, second] =
    stack.name.length + stack.logicalId.length <= room
      ? [stack.name, stack.logicalId]
      : stack.name.length <= half
        ? [stack.name, stack.logicalId.slice(0, room - stack.name.length)]
        : stack.logicalId.length <= half
          ? [stack.name.slice(0, room - stack.logicalId.length), stack.logicalId]
          : [stack.name.slice(0, half), stack.logicalId.slice(0, room - half)];
  const name = `${first}-${second}${tail}`;
  return (rule?.lower === true ? name.toLowerCase() : name) + suffix;
}
