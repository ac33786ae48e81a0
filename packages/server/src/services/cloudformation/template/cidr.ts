import { templateError } from '../faults.ts';

/** `Fn::Cidr`: blocks of the given host bits, side by side from the start of a block. */
export function cidrBlocks(block: string, count: number, hostBits: number): string[] {
  const [address = '', prefix = ''] = block.split('/');
  const six = address.includes(':');
  const width = six ? 128 : 32;
  const start = six ? sixBits(address) : fourBits(address);
  const size = 1n << BigInt(hostBits);
  if (start === undefined || !/^\d+$/.test(prefix) || Number(prefix) > width || hostBits < 1 || hostBits > width)
    throw templateError('Fn::Cidr: the IP block or the number of CIDR bits is not valid.');
  const room = 1n << BigInt(width - Number(prefix));
  if (!Number.isInteger(count) || count < 1 || count > 256) throw templateError('Fn::Cidr count must be between 1 and 256.');
  if (size * BigInt(count) > room) throw templateError(`Fn::Cidr: ${block} does not hold ${count} blocks of ${hostBits} bits.`);
  const first = (start / room) * room;
  return Array.from({ length: count }, (_, index) => {
    const at = first + size * BigInt(index);
    return `${six ? sixText(at) : fourText(at)}/${width - hostBits}`;
  });
}

function fourBits(address: string): bigint | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}
const fourText = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');

function sixBits(address: string): bigint | undefined {
  const [head = '', tail] = address.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [words(head), words(tail ?? '')];
  const all =
    tail === undefined
      ? before
      : [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  if (all.length !== 8 || all.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  return all.reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n);
}
const sixText = (value: bigint): string =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 65_535n).toString(16)).join(':');
