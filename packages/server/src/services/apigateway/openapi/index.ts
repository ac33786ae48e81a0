export { readApi, readDocumentation, type ReadApi } from './read-api.ts';
