export { openSigner, type Signer, type SignerOptions } from './open.ts';
export type { Archives, CodeSignature, SignerPort } from './port.ts';
