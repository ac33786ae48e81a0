export { readApi, readDocumentation, type ReadApi } from './read-api.ts';
export { writeApi } from './write-api.ts';
