import { ServiceFault } from '@mayfly/wire';
import { layerArn, type Scope } from '../names.ts';
import type { Room } from '../room.ts';

/** Another account's layer has to be shared with this one. @throws AccessDeniedException. @source spec 1.8-07 */
export function mayRead(room: Room, reader: Scope, owner: Scope, layerName: string, version: number): void {
  if (reader.account === owner.account) return;
  const policy = room.shelf.desk(owner).get('layerPolicy', layerName, String(version));
  const root = `arn:aws:iam::${reader.account}:root`;
  const allowed = policy?.statements.some(
    ({ Principal, Condition }) =>
      Condition === undefined &&
      (Principal === '*' || (typeof Principal === 'object' && (Principal['AWS'] === '*' || Principal['AWS'] === root))),
  );
  if (allowed === true) return;
  throw new ServiceFault(
    'AccessDeniedException',
    `User: ${root} is not authorized to perform: lambda:GetLayerVersion on resource: ${layerArn(owner, layerName)}:${version} because no resource-based policy allows the lambda:GetLayerVersion action`,
    { status: 403 },
  );
}
