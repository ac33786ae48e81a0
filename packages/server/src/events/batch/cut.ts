/** Room for `{"Records":[…]}` around the records and what a window adds. */
const wrapperBytes = 512;

/**
 * How many records from the front fit into one payload; at least one, for a record that never fits must
 * be seen to fail rather than block for ever. @source spec 6.2-01
 */
export function fitting(records: readonly object[], limitBytes: number): number {
  let bytes = wrapperBytes;
  for (const [index, record] of records.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes > limitBytes && index > 0) return index;
  }
  return records.length;
}
