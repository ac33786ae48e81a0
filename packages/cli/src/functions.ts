import { readFileSync } from 'node:fs';
import { DeleteFunctionCommand, InvokeCommand, paginateListFunctions } from '@aws-sdk/client-lambda';
import { exitCodes, Stop } from './exit.ts';
import { lambdaOf, targetOf, type TargetFlags } from './target.ts';

const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);

/** `mayfly ls` */
export async function list(flags: TargetFlags): Promise<void> {
  const functions = [];
  for await (const page of paginateListFunctions({ client: lambdaOf(targetOf(flags)) }, {}))
    functions.push(...(page.Functions ?? []));
  if (flags.json === true) return print(JSON.stringify(functions));
  if (functions.length === 0) return print('No functions yet. Add one with: mayfly deploy DIR');
  const rows = [
    ['NAME', 'RUNTIME', 'MEMORY', 'TIMEOUT', 'MODIFIED'],
    ...functions.map((one) => [
      one.FunctionName ?? '',
      one.Runtime ?? one.PackageType ?? '',
      `${one.MemorySize} MB`,
      `${one.Timeout} s`,
      one.LastModified ?? '',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  print(
    rows
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n'),
  );
}

/** `mayfly rm NAME` */
export async function remove(name: string, flags: TargetFlags): Promise<void> {
  await lambdaOf(targetOf(flags)).send(new DeleteFunctionCommand({ FunctionName: name }));
  print(flags.json === true ? JSON.stringify({ deleted: name }) : `Deleted ${name}.`);
}

/** `mayfly invoke NAME [PAYLOAD]`: the answer on standard output, the log tail on standard error. */
export async function invoke(
  name: string,
  payload: string | undefined,
  flags: TargetFlags & { readonly qualifier?: string; readonly async?: boolean },
): Promise<void> {
  const result = await lambdaOf(targetOf(flags)).send(
    new InvokeCommand({
      FunctionName: name,
      Payload: payloadOf(payload),
      InvocationType: flags.async === true ? 'Event' : 'RequestResponse',
      ...(flags.async === true ? {} : { LogType: 'Tail' }),
      ...(flags.qualifier === undefined ? {} : { Qualifier: flags.qualifier }),
    }),
  );
  const body = Buffer.from(result.Payload ?? []).toString('utf8');
  const logText = Buffer.from(result.LogResult ?? '', 'base64').toString('utf8');
  if (flags.json === true) {
    const { StatusCode, ExecutedVersion, FunctionError } = result;
    print(JSON.stringify({ StatusCode, ExecutedVersion, FunctionError, Payload: parsed(body), Log: logText }));
  } else {
    process.stderr.write(logText);
    print(flags.async === true ? 'Accepted.' : body);
  }
  if (result.FunctionError !== undefined) process.exitCode = exitCodes.functionError;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** JSON text, `@file`, or `-` for standard input. */
function payloadOf(given: string | undefined): Uint8Array {
  if (given === undefined) return Buffer.from('{}');
  try {
    if (given === '-') return readFileSync(0);
    if (given.startsWith('@')) return readFileSync(given.slice(1));
  } catch (error) {
    throw new Stop(exitCodes.usage, `The payload cannot be read: ${(error as Error).message}`);
  }
  return Buffer.from(given);
}
