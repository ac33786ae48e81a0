export { RestApiServer } from './rest-api.ts';
