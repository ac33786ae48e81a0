import path from 'node:path';
import type { AccountId } from '../../base/index.ts';

/**
 * Where code lives:
 *
 *     <dataDir>/code/.incoming/<uuid>/             half-made; renamed to one of
 *     <dataDir>/code/<account>/<sha256>/           archive.zip, files/, about.json
 *     <dataDir>/code/<account>/layers/<list hash>/ files/, about.json
 *
 * Two accounts with the same archive have two copies, so that none can tell what the other has.
 */
export class Places {
  readonly root: string;
  readonly incoming: string;

  constructor(dataDir: string) {
    this.root = path.resolve(dataDir, 'code');
    this.incoming = path.join(this.root, '.incoming');
  }

  account(account: AccountId): string {
    if (!isAccount(account)) throw misnamed('account', account);
    return path.join(this.root, account);
  }

  /** @param codeSha256 as `CodeSha256` shows it */
  code(account: AccountId, codeSha256: string): string {
    return path.join(this.account(account), hexOf(codeSha256));
  }

  merged(account: AccountId, listHash: string): string {
    return path.join(this.account(account), layersName, listHash);
  }
}

export const layersName = 'layers';
export const filesName = 'files';
export const archiveName = 'archive.zip';
export const aboutName = 'about.json';

export const isAccount = (name: string): name is AccountId => /^\d{12}$/.test(name);
export const isHash = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** @throws Error `CODE_MISNAMED` for what is no SHA-256: these become folder names */
export function hexOf(codeSha256: string): string {
  const bytes = Buffer.from(codeSha256, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== codeSha256) throw misnamed('CodeSha256', codeSha256);
  return bytes.toString('hex');
}

export const base64Of = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

const misnamed = (what: string, value: string): Error =>
  Object.assign(new Error(`${JSON.stringify(String(value).slice(0, 100))} is no ${what}.`), { code: 'CODE_MISNAMED' });
