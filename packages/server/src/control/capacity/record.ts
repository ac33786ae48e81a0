export interface CapacityProviderRecord {
  readonly name: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly operatorRoleArn: string;
  /** Absent when nothing was said of them, which is shown. */
  readonly instances?: {
    readonly architectures?: readonly string[];
    readonly allowedTypes?: readonly string[];
    readonly excludedTypes?: readonly string[];
  };
  readonly scaling: {
    readonly maxVCpuCount: number;
    readonly mode: 'Auto' | 'Manual';
    readonly policies?: readonly { readonly metric: string; readonly targetValue: number }[];
  };
  readonly kmsKeyArn?: string;
  readonly propagatedTags?: { readonly mode: 'None' | 'Explicit'; readonly tags?: Readonly<Record<string, string>> };
  readonly logging?: { readonly systemLogLevel?: string; readonly logGroup?: string };
  readonly tags: Readonly<Record<string, string>>;
  readonly modifiedAt: number;
}
