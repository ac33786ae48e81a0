import { ServiceFault } from '@mayfly/wire';
import type { Catalog, Resolution } from '../control/index.ts';
import type { ExecutionHead } from './execution.ts';

/** The version that an execution began with. @throws ServiceFault when it cannot run now, or is gone. @source spec 10.1-04 */
export function resolutionOf(catalog: Catalog, { account, region, functionName, version, qualifier }: ExecutionHead): Resolution {
  const found = byAlias(catalog, catalog.find(account, region, functionName, version), qualifier);
  // What is being deleted runs what it began, and nothing else.
  if (found.version.state === 'Active' || found.version.state === 'Deleting') return found;
  return catalog.resolve(account, region, functionName, version);
}

/** As long as the alias that was called leads to the version, what is set for the alias holds. */
function byAlias(catalog: Catalog, found: Resolution, qualifier: string): Resolution {
  const { account, region, functionName, version } = found.version;
  if (qualifier === version) return found;
  try {
    const named = catalog.find(account, region, functionName, qualifier);
    return named.version === found.version ? named : found;
  } catch (error) {
    if (error instanceof ServiceFault) return found;
    throw error;
  }
}
