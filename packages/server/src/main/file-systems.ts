import { statSync } from 'node:fs';
import { ServiceFault } from '@mayfly/wire';
import type { FunctionVersion } from '../control/index.ts';

/** File systems of AWS by their access points, each a folder of this machine: the operator says which. */
export class FileSystems {
  readonly #folders: Readonly<Record<string, string>>;

  constructor(folders: Readonly<Record<string, string>>) {
    this.#folders = folders;
  }

  get some(): boolean {
    return Object.keys(this.#folders).length > 0;
  }

  folderOf(arn: string): string | undefined {
    return Object.hasOwn(this.#folders, arn) ? this.#folders[arn] : undefined;
  }

  /**
   * Whether this version can have what it mounts, now.
   *
   * @throws ServiceFault EFSMountFailureException where the operator has named no folder, EFSMountConnectivityException
   * where the folder is not there; S3Files… for access points of S3 Files. @source spec 2.11-03, 2.11-04
   */
  check({ fileSystems = [] }: Pick<FunctionVersion, 'fileSystems'>): void {
    for (const { arn } of fileSystems) {
      const kind = arn.split(':')[2] === 's3files' ? 'S3Files' : 'EFS';
      const folder = this.folderOf(arn);
      if (folder === undefined) {
        throw new ServiceFault(
          `${kind}MountFailureException`,
          `The function couldn't mount ${arn}: start the server with --file-systems ${arn}=/folder, and with the jail.`,
          {
            status: 403,
            members: { Type: 'User' },
          },
        );
      }
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
        throw new ServiceFault(
          `${kind}MountConnectivityException`,
          `The function couldn't reach ${arn}: its folder is not there.`,
          {
            status: 408,
            members: { Type: 'User' },
          },
        );
      }
    }
  }
}
