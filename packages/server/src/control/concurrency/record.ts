/** Environments kept ready for a version, asked for by its number or an alias. @source spec 1.10-06 */
export interface ProvisionedRecord {
  readonly requested: number;
  readonly allocated: number;
  readonly available: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  /** For example `FUNCTION_ERROR_INIT_FAILURE`. @source spec 1.10-07 */
  readonly statusReason?: string;
  readonly modifiedAt: number;
}
