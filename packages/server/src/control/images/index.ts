export { openImages, type ImageStore, type ImageStoreOptions } from './store.ts';
export type { BuiltInRegistry } from './port.ts';
export { passwordsIn } from './sources/passwords.ts';
