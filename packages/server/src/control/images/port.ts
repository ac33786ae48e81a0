import type { ImageDefaults } from '../catalog.ts';

/** Where images come from: a registry, a folder. Opened for one image. */
export interface ImageSource extends AsyncDisposable {
  /** @returns undefined when there is no such tag or digest @throws RefusedImage */
  manifest(reference: string): Promise<{ readonly bytes: Uint8Array; readonly mediaType?: string } | undefined>;
  /**
   * The file of a blob. Whoever asks verifies its digest, unless `verified` says that it was.
   *
   * @param into  a file that may be made for it
   */
  blob(blob: Descriptor, into: string): Promise<{ readonly file: string; readonly verified: boolean }>;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: number;
}

/** The registry of this house, as far as images are read from it. */
export interface BuiltInRegistry {
  /** Whether a host is a name of ours: the one we listen on, or an address of this machine with our port. */
  isOwn(host: string): boolean;
  /** Whose registry is meant by `host/repository` besides the caller's own; absent where signatures are checked. */
  readonly shared?: { readonly account: string; readonly region: string };
  manifest(
    at: { readonly account: string; readonly region: string; readonly repository: string },
    reference: string,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
  /** @returns its file, whose digest was verified */
  blob(
    at: { readonly account: string; readonly region: string; readonly repository: string },
    digest: string,
  ): string | undefined;
}

/** One image for one machine, known but not fetched. */
export interface FoundImage {
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  /** Digests of the layers unpacked. */
  readonly diffIds: readonly string[];
  readonly defaults: ImageDefaults;
}
