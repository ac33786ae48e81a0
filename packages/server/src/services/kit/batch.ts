import { ServiceFault } from '@mayfly/wire';

const mostEntries = 10;

interface Failed {
  readonly Id: string;
  readonly Code: string;
  readonly Message: string;
  readonly SenderFault: boolean;
}

/** @throws EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct */
export function checkEntries(entries: readonly { readonly Id: string | undefined }[], entryName: string): void {
  if (entries.length === 0) {
    throw new ServiceFault('EmptyBatchRequest', `There should be at least one ${entryName} in the request.`);
  }
  if (entries.length > mostEntries) {
    throw new ServiceFault(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${mostEntries}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id: id } of entries) {
    if (id === undefined || !/^[A-Za-z0-9_-]{1,80}$/.test(id)) {
      throw new ServiceFault(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (seen.has(id)) throw new ServiceFault('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
}

/** Runs each entry; what a caller did wrong with one fails that one alone. */
export async function inBatch<Entry extends { readonly Id?: string | undefined }, Result>(
  entries: readonly Entry[],
  work: (entry: Entry) => Promise<Result>,
): Promise<{ Successful: (Result & { Id: string })[]; Failed: Failed[] | undefined }> {
  const endings = await Promise.allSettled(entries.map((entry) => attempt(work, entry)));
  const successful: (Result & { Id: string })[] = [];
  const failed: Failed[] = [];
  for (const [index, ending] of endings.entries()) {
    const id = entries[index]?.Id ?? '';
    if (ending.status === 'fulfilled') successful.push({ Id: id, ...ending.value });
    else if (ending.reason instanceof ServiceFault) {
      failed.push({ Id: id, Code: ending.reason.code, Message: ending.reason.message, SenderFault: true });
    } else throw ending.reason;
  }
  return { Successful: successful, Failed: failed.length === 0 ? undefined : failed };
}

/** A fault thrown before the first wait is a fault like any other. */
async function attempt<Entry, Result>(work: (entry: Entry) => Promise<Result>, entry: Entry): Promise<Result> {
  return work(entry);
}
