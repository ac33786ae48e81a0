/**
 * Everything that can grow has a bound here, with its unit and its source. AWS's figures are the
 * defaults, but for how fast a stream leaves; an operator may lift the ones in `Limits`.
 */
export interface Limits {
  /** Concurrent executions of one account in one region. @source spec 8.1-03 */
  readonly accountConcurrency: number;
  /** Left for functions without reserved concurrency. @source spec 1.10-02 */
  readonly minimumUnreservedConcurrency: number;
  /** Synchronous request payload. @source spec 2.3-01 */
  readonly syncRequestBytes: number;
  /** Synchronous response payload. @source spec 2.3-03 */
  readonly syncResponseBytes: number;
  /** Asynchronous request payload. @source spec 2.3-02 */
  readonly asyncRequestBytes: number;
  /** Streamed response. @source spec 2.3-04 */
  readonly streamedResponseBytes: number;
  /** Of a streamed response, as fast as the caller takes it. @source spec 2.3-04 */
  readonly streamedBurstBytes: number;
  /**
   * Of a streamed response, after its burst. AWS's 2,097,152 are for those who want to see what it does to them: nobody has a use for a
   * slow stream. @source spec 2.3-04
   */
  readonly streamedBytesPerSecond: number;
  /** Zip in a request or an object. @source spec 8.1-05 */
  readonly zippedBytes: number;
  /** The whole CreateFunction request. @source spec 9.4-09 */
  readonly codeRequestBytes: number;
  /** Function and layers unpacked. @source spec 8.1-06 */
  readonly unzippedBytes: number;
  /** Entries in one archive; ours, a bomb's wall. */
  readonly zipEntries: number;
  /** All versions of an account. @source spec 8.1-08 */
  readonly codeStorageBytes: number;
  /** Initialisation of an on-demand environment. @source spec 3.1-02 */
  readonly initMs: number;
  /** Open files of a process in an environment. @source spec 3.7-10 */
  readonly openFiles: number;
  /** Processes and threads of an environment. @source spec 3.7-10 */
  readonly processes: number;
  /** MiB of memory that buy one core. @source spec 3.7-09 */
  readonly memoryMiBPerCore: number;
}

export const awsLimits: Limits = {
  accountConcurrency: 1000,
  minimumUnreservedConcurrency: 100,
  syncRequestBytes: 6_291_456,
  syncResponseBytes: 6_291_556,
  asyncRequestBytes: 1_048_576,
  streamedResponseBytes: 209_715_200,
  streamedBurstBytes: 6_291_456,
  streamedBytesPerSecond: Number.MAX_SAFE_INTEGER,
  zippedBytes: 52_428_800,
  codeRequestBytes: 70_167_211,
  unzippedBytes: 262_144_000,
  zipEntries: 100_000,
  codeStorageBytes: 322_122_547_200,
  initMs: 10_000,
  openFiles: 1024,
  processes: 1024,
  memoryMiBPerCore: 1769,
};
