import type { ResourceType } from './type.ts';

/** Stands for types that this server does not have, where the operator wants them passed over. */
export const ignored: ResourceType = {
  properties: {},
  attributes: 'any',
  create: (_properties, { name }) => Promise.resolve({ id: name }),
  update: (id) => Promise.resolve({ id }),
  delete: () => Promise.resolve(),
};
