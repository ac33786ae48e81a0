import { compact } from '../compact.ts';
import { invalid } from '../faults.ts';
import type { AttachedLayer, Configuration } from '../functions/record.ts';
import { layerArn, type Scope } from '../names.ts';
import type { Room } from '../room.ts';
import type { AccountId } from '../../base/index.ts';
import { mayRead } from './permission.ts';

/** @source spec 1.8-06 */
const mostLayers = 5;

const form = /^arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):layer:(?<name>[\w-]+):(?<version>\d+)$/;

/**
 * Finds the layers a function names.
 *
 * @param ownBytes  unzipped size of the function's own code; layers and it share a limit
 * @throws InvalidParameterValueException. @source spec 9.3-14 to 9.3-17
 */
export function attach(room: Room, scope: Scope, arns: readonly string[], ownBytes: number): readonly AttachedLayer[] {
  if (arns.length > mostLayers) throw invalid(`Cannot reference more than ${mostLayers} layers.`);
  const seen = new Map<string, string>();
  const layers = arns.map((arn) => {
    const parts = form.exec(arn)?.groups;
    if (parts === undefined) throw invalid(`Layer version ${arn} does not exist.`);
    if (parts['region'] !== scope.region)
      throw invalid(`Layers are not in the same region as the function. Layers are expected to be in region ${scope.region}.`);
    const owner: Scope = { account: parts['account'] as AccountId, region: scope.region };
    const found = room.shelf.desk(owner).get('layerVersion', parts['name'] ?? '', parts['version']);
    if (found === undefined) throw invalid(`Layer version ${arn} does not exist.`);
    mayRead(room, scope, owner, parts['name'] ?? '', found.version);
    const layer = layerArn(owner, parts['name'] ?? '');
    const other = seen.get(layer);
    if (other !== undefined)
      throw invalid(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    seen.set(layer, arn);
    const { codeSha256, sizeBytes, unzippedBytes, signature } = found;
    return compact<AttachedLayer>({ arn, codeSha256, sizeBytes, unzippedBytes, signature });
  });
  checkSizes(room, ownBytes, layers);
  return layers;
}

/** New code beside the layers that are there already. @throws InvalidParameterValueException */
export function checkTogether(room: Room, { code, layers }: Configuration): void {
  if (code.kind === 'zip') checkSizes(room, code.unzippedBytes, layers);
}

function checkSizes(room: Room, ownBytes: number, layers: readonly AttachedLayer[]): void {
  const together = layers.reduce((sum, layer) => sum + layer.unzippedBytes, ownBytes);
  if (layers.length > 0 && together > room.limits.unzippedBytes)
    throw invalid(
      `Function code combined with layers exceeds the maximum allowed size of ${room.limits.unzippedBytes} bytes. The actual size is ${together} bytes.`,
    );
}
