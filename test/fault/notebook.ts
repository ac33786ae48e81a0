import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CreateFunctionCommandInput } from '@aws-sdk/client-lambda';
import { rootObstacle } from '../../packages/server/src/sandbox/driver.suite.ts';

const accessPoint = 'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0';

/**
 * A file that functions write into and no crash of ours can take back. They are in jails, where the machine can make
 * them, and have the file's folder mounted; else they are plain processes.
 */
export class Notebook {
  /** For the server. */
  readonly flags: readonly string[];
  /** Of a function that writes into `process.env.NOTES`. */
  readonly configuration: Partial<CreateFunctionCommandInput>;
  readonly #file: string;

  constructor(folder: string) {
    const place = path.join(folder, 'notes');
    mkdirSync(place);
    this.#file = path.join(place, 'notes');
    writeFileSync(this.#file, '');
    // Each box writes as a user of its own.
    chmodSync(place, 0o777);
    chmodSync(this.#file, 0o666);
    const jailed = rootObstacle() === undefined;
    this.flags = jailed ? ['--file-systems', `${accessPoint}=${place}`] : ['--isolation', 'none'];
    const Environment = { Variables: { NOTES: jailed ? '/mnt/notes/notes' : this.#file } };
    this.configuration = jailed
      ? { Environment, FileSystemConfigs: [{ Arn: accessPoint, LocalMountPath: '/mnt/notes' }] }
      : { Environment };
  }

  lines(): string[] {
    return readFileSync(this.#file, 'utf8').split('\n').filter(Boolean);
  }
}
