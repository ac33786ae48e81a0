import type { BuiltInRegistry, ImageSource } from '../port.ts';
import { RefusedImage } from '../refusal.ts';

type Place = { readonly account: string; readonly region: string; readonly repository: string };

/**
 * Whose repository a name means: `<account>.dkr.ecr.<region>.amazonaws.com/…` says it, and an address of ours
 * means the caller's own, or the one that everybody pushes to.
 *
 * @returns undefined when the host is none of ours @throws RefusedImage for another account's
 */
export function placesInHouse(
  registry: BuiltInRegistry,
  name: { readonly host: string; readonly repository: string },
  caller: { readonly account: string; readonly region: string },
): readonly Place[] | undefined {
  const { host, repository } = name;
  const [, account, region] =
    /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|localhost)(?::\d+)?$/.exec(host) ?? [];
  if (account !== undefined && region !== undefined) {
    if (account !== caller.account && registry.shared === undefined)
      throw new RefusedImage('denied', 'The repository belongs to another account.');
    return [{ account, region, repository }, ...(registry.shared === undefined ? [] : [{ ...registry.shared, repository }])];
  }
  if (!registry.isOwn(host)) return undefined;
  return [{ ...caller, repository }, ...(registry.shared === undefined ? [] : [{ ...registry.shared, repository }])];
}

/** The first of these places that has the image. */
export function builtIn(registry: BuiltInRegistry, places: readonly Place[]): ImageSource {
  return {
    async manifest(reference) {
      for (const place of places) {
        const found = await registry.manifest(place, reference);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async blob({ digest }) {
      for (const place of places) {
        const file = registry.blob(place, digest);
        if (file !== undefined) return { file, verified: true };
      }
      throw new RefusedImage('missing', `The registry does not have ${digest} any more.`);
    },
    async [Symbol.asyncDispose]() {},
  };
}
