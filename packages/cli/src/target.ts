import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaClient } from '@aws-sdk/client-lambda';

/** Flags every command that talks to a server has. */
export interface TargetFlags {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly account?: string;
  readonly json?: boolean;
}

export interface Target {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of short-lived credentials. */
  readonly sessionToken?: string;
}

/** Which server, as whom: flags, then the variables that every AWS tool reads, then the defaults of `mayfly start`. */
export function targetOf(flags: TargetFlags, env: NodeJS.ProcessEnv = process.env): Target {
  return {
    endpoint: (flags.endpointUrl ?? env['AWS_ENDPOINT_URL'] ?? `http://127.0.0.1:${env['MAYFLY_PORT'] ?? 4566}`).replace(
      /\/+$/,
      '',
    ),
    region: flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    accessKeyId: flags.account ?? env['AWS_ACCESS_KEY_ID'] ?? '000000000000',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? 'mayfly',
    ...(flags.account !== undefined || env['AWS_SESSION_TOKEN'] === undefined ? {} : { sessionToken: env['AWS_SESSION_TOKEN'] }),
  };
}

/** What every SDK client of ours is made with. */
export const settingsOf = (target: Target) => ({
  endpoint: target.endpoint,
  region: target.region,
  credentials: {
    accessKeyId: target.accessKeyId,
    secretAccessKey: target.secretAccessKey,
    ...(target.sessionToken === undefined ? {} : { sessionToken: target.sessionToken }),
  },
  maxAttempts: 1,
});

export const lambdaOf = (target: Target): LambdaClient => new LambdaClient(settingsOf(target));
export const logsOf = (target: Target): CloudWatchLogsClient => new CloudWatchLogsClient(settingsOf(target));
