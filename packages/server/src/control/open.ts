import type { AccountId, Clock, Limits, Logger, Random } from '../base/index.ts';
import type { Database } from '../storage/index.ts';
import type { Catalog, RuntimeSupport } from './catalog.ts';
import type { CodeStore } from './code/port.ts';
import { Preparation } from './functions/preparation.ts';
import { archivesOf } from './functions/record.ts';
import { revive, reviveOne } from './functions/revival.ts';
import { controlHandlers, type ControlHandlers } from './handlers.ts';
import { LayerFolders } from './layers/folders.ts';
import type { ControlPorts } from './ports.ts';
import { MasterKey } from './records/master-key.ts';
import { Shelf } from './records/shelf.ts';
import { LiveCatalog } from './resolution/live-catalog.ts';
import type { Room } from './room.ts';

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
  /** Resolves when no function is being prepared any more. */
  idle(): Promise<void>;
}

/** Reads everything the room keeps, takes up what a stop cut short, and is ready. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { database, code, runtimes, ports, clock, random, log, limits } = options;
  const shelf = await Shelf.open(database, await MasterKey.open(options.masterKeyFile, random));
  // Only now is it certain that nobody is about to refer to what lies unused.
  await code.sweep(archivesInUse(shelf));
  const folders = new LayerFolders(code);
  await using rooms = new AsyncDisposableStack();
  const preparation = rooms.use(new Preparation({ shelf, runtimes, folders, images: ports.images, random, log }));
  const revived = { shelf, runtimes, folders, preparation, random, log };
  await revive(revived);
  const room: Room = { shelf, code, runtimes, preparation, ports, clock, random, log, limits };
  const catalog = rooms.use(
    new LiveCatalog({
      shelf,
      maker: { code, folders, images: ports.images },
      random,
      onIdle: (scope, functionName, version) => {
        reviveOne(revived, scope, functionName, version).catch((error: unknown) =>
          log.error('A function could not be revived.', { functionName, error }),
        );
      },
    }),
  );
  const opened = rooms.move();
  return {
    handlers: controlHandlers(room, catalog),
    catalog,
    idle: () => preparation.idle(),
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      await shelf.settled();
    },
  };
}

function archivesInUse(shelf: Shelf): Map<AccountId, Set<string>> {
  const inUse = new Map<AccountId, Set<string>>();
  for (const scope of shelf.scopes()) {
    const used = inUse.get(scope.account) ?? new Set();
    inUse.set(scope.account, used);
    const desk = shelf.desk(scope);
    for (const [, , { configuration, serving }] of desk.all('version'))
      for (const sha256 of [...archivesOf(configuration), ...(serving === undefined ? [] : archivesOf(serving.configuration))]) used.add(sha256);
    for (const [, , layer] of desk.all('layerVersion')) used.add(layer.codeSha256);
  }
  return inUse;
}
