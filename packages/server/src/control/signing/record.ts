export interface CodeSigningRecord {
  /** `csc-` and 17 lower-case letters and digits. @source spec 0.2-12 */
  readonly id: string;
  readonly description?: string;
  readonly profileVersionArns: readonly string[];
  readonly untrusted: 'Warn' | 'Enforce';
  readonly tags: Readonly<Record<string, string>>;
  readonly modifiedAt: number;
}
