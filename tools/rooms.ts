/** The rooms of `packages/server/src` and which other rooms each may import, through their `index.ts` only. */
export const rooms = {
  base: [],
  storage: ['base'],
  sandbox: ['base'],
  control: ['base', 'wire', 'storage'],
  environment: ['base', 'wire', 'storage', 'sandbox', 'control'],
  invoke: ['base', 'wire', 'storage', 'control', 'environment'],
  events: ['base', 'wire', 'storage', 'control', 'invoke'],
  services: ['base', 'wire', 'storage'],
  observe: ['base', 'storage'],
  api: ['base', 'wire', 'control', 'invoke', 'events', 'services'],
  main: ['base', 'wire', 'storage', 'sandbox', 'control', 'environment', 'invoke', 'events', 'services', 'observe', 'api'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
