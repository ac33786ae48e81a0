/** What the shell is told. */
export const exitCodes = { ok: 0, functionError: 1, usage: 2, unreachable: 3, refused: 4 } as const;

/** An end with a sentence for people; never a stack. */
export class Stop extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const noServer = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ECONNRESET', 'ETIMEDOUT']);

/** Turns what the SDK throws into a sentence with the next step. */
export function explain(error: unknown, endpoint: string): Stop {
  if (error instanceof Stop) return error;
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (code !== undefined && noServer.has(code))
    return new Stop(exitCodes.unreachable, `No server answers at ${endpoint} (${code}). Start one with: mayfly start`);
  return new Stop(exitCodes.refused, `${name ?? 'Error'}: ${message ?? String(error)}`);
}
