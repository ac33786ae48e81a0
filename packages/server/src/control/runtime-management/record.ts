export interface RuntimeManagementRecord {
  readonly updateRuntimeOn: 'Auto' | 'FunctionUpdate' | 'Manual';
  /** For Manual only. */
  readonly runtimeVersionArn?: string;
}
