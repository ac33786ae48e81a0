import { invalidHandle } from './faults.ts';
import type { Message } from './message.ts';

export interface Receipt {
  readonly queueId: string;
  readonly seq: number;
  /** The how-many-th receive of the message it was given for. */
  readonly receiveCount: number;
}

const pattern = /^1 ([0-9a-f-]{36}) (\d{1,15}) (\d{1,9})$/;

/** Holds across a restart; says nothing that a caller can use. */
export const writeHandle = (queueId: string, message: Message): string =>
  Buffer.from(`1 ${queueId} ${message.seq} ${message.receiveCount}`).toString('base64');

/** @throws ReceiptHandleIsInvalid */
export function readHandle(handle: string): Receipt {
  const [, queueId, seq, receiveCount] = pattern.exec(Buffer.from(handle.slice(0, 200), 'base64').toString('latin1')) ?? [];
  if (queueId === undefined) throw invalidHandle(handle);
  return { queueId, seq: Number(seq), receiveCount: Number(receiveCount) };
}
