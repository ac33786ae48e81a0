import type { AccountId, Clock, Limits, Logger, Random, Region } from '../base/index.ts';
import type { Database } from '../storage/index.ts';
import type { Catalog, RuntimeSupport } from './catalog.ts';
import type { CodeStore } from './code/port.ts';
import { Provisioning } from './concurrency/provisioning.ts';
import { Draining } from './functions/draining.ts';
import { Preparation } from './functions/preparation.ts';
import { revive, reviveOne } from './functions/revival.ts';
import { archivesInUse, imagesInUse, Sweeping } from './functions/sweeping.ts';
import { controlHandlers, type ControlHandlers } from './handlers.ts';
import { LayerFolders } from './layers/folders.ts';
import { MappingBook } from './mappings/book.ts';
import type { Statement } from './policies/record.ts';
import type { ControlPorts } from './ports.ts';
import { MasterKey } from './records/master-key.ts';
import { Shelf } from './records/shelf.ts';
import { LiveCatalog } from './resolution/live-catalog.ts';
import type { Room } from './room.ts';
import { UrlBook } from './urls/book.ts';

export interface ControlOptions {
  readonly database: Database;
  readonly code: CodeStore;
  readonly runtimes: RuntimeSupport;
  readonly ports: ControlPorts;
  /** Seals environment variables at rest; made on the first start. To be backed up apart from the database. */
  readonly masterKeyFile: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
}

export interface Control extends AsyncDisposable {
  readonly handlers: ControlHandlers;
  readonly catalog: Catalog;
  /** For the pollers. */
  readonly mappings: Pick<MappingBook, 'all' | 'onChange' | 'report'>;
  /** For whoever serves function URLs. */
  readonly urls: Pick<UrlBook, 'find'>;
  /** Statements of one resource policy; each qualifier has its own. For whoever decides about callers. @source spec 1.6-04, 1.6-13 */
  policy(account: AccountId, region: Region, functionName: string, qualifier?: string): readonly Statement[];
  /** The same of a layer version. @source spec 1.8-07 */
  layerPolicy(account: AccountId, region: Region, layerName: string, version: string): readonly Statement[];
  /** Runtimes of everything deployed. */
  runtimes(): ReadonlySet<string>;
  /** Execution role of a function, version or alias; undefined when there is none. */
  executionRole(account: AccountId, region: Region, functionName: string, qualifier?: string): string | undefined;
  /** Durable executions of a function have ended, or, without a function, it is known which are left: what waits for them to be deleted goes. */
  drained(of?: { readonly account: AccountId; readonly region: Region; readonly functionName: string }): void;
  /** Resolves when no function is being prepared any more. */
  idle(): Promise<void>;
}

/** Reads everything the room keeps, takes up what a stop cut short, and is ready. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { database, code, runtimes, ports, clock, random, log, limits } = options;
  const shelf = await Shelf.open(database, await MasterKey.open(options.masterKeyFile, random));
  await code.sweep(archivesInUse(shelf));
  await ports.images?.sweep(() => imagesInUse(shelf));
  const folders = new LayerFolders(code);
  await using rooms = new AsyncDisposableStack();
  rooms.use(new Sweeping({ shelf, code, images: ports.images, clock, log }));
  const preparation = rooms.use(new Preparation({ shelf, runtimes, folders, images: ports.images, random, log }));
  const revived = { shelf, runtimes, folders, images: ports.images, preparation, random, log };
  await revive(revived);
  const room: Room = { shelf, code, runtimes, preparation, ports, clock, random, log, limits };
  const catalog = rooms.use(
    new LiveCatalog({
      shelf,
      maker: { code, folders, images: ports.images, made: new WeakMap() },
      random,
      onIdle: (scope, functionName, version) => {
        reviveOne(revived, scope, functionName, version).catch((error: unknown) =>
          log.error('A function could not be revived.', { functionName, error }),
        );
      },
    }),
  );
  const mappings = rooms.use(new MappingBook({ shelf, log }));
  const urls = rooms.use(new UrlBook(shelf));
  if (ports.provisioned !== undefined) rooms.use(new Provisioning({ shelf, port: ports.provisioned, log }));
  const draining = new Draining({ shelf, executions: ports.executions ?? { running: () => 0 }, log });
  const handlers = controlHandlers(room, catalog, mappings);
  const opened = rooms.move();
  return {
    handlers,
    catalog,
    mappings,
    urls,
    policy: (account, region, functionName, qualifier) =>
      shelf.desk({ account, region }).get('policy', functionName, qualifier)?.statements ?? [],
    layerPolicy: (account, region, layerName, version) =>
      shelf.desk({ account, region }).get('layerPolicy', layerName, version)?.statements ?? [],
    runtimes: () => runtimesInUse(shelf),
    executionRole(account, region, functionName, qualifier = '$LATEST') {
      const desk = shelf.desk({ account, region });
      const version = desk.get('alias', functionName, qualifier)?.functionVersion ?? qualifier;
      return desk.get('version', functionName, version)?.configuration.role;
    },
    drained: (of) => (of === undefined ? draining.lookAtAll() : draining.look(of, of.functionName)),
    idle: () => preparation.idle(),
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      await shelf.settled();
    },
  };
}

function runtimesInUse(shelf: Shelf): ReadonlySet<string> {
  const used = new Set<string>();
  for (const scope of shelf.scopes()) {
    for (const [, , { configuration }] of shelf.desk(scope).all('version'))
      if (configuration.runtime !== undefined) used.add(configuration.runtime);
  }
  return used;
}
