export { Keys, roleOf, sessionOfRole, type KeyInfo, type KeysOptions, type NewKey } from './keys.ts';
export type { Principal, Session, TemporaryCredentials } from './session.ts';
