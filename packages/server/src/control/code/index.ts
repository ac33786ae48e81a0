export * from './port.ts';
export { openCodeStore, type CodeStoreOptions } from './store.ts';
