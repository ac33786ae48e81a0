import type { InitializationType } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { RoleCredentials } from './port.ts';
import type { ResolvedRuntime } from './runtimes/port.ts';

export interface VariableSources {
  readonly version: FunctionVersion;
  readonly runtime: ResolvedRuntime;
  readonly credentials: RoleCredentials;
  readonly initializationType: InitializationType;
  readonly logStream: string;
  /** `host:port` inside. */
  readonly runtimeApiAddress: string;
  /** Our own AWS endpoint inside. */
  readonly endpointUrl: string;
  /** `/var/task` and `/opt` as they are seen inside. */
  readonly taskRoot: string;
  readonly optRoot: string;
}

type Variables = Readonly<Record<string, string>>;

/** What a function finds in its environment. Its own variables beat the defaults, and the reserved ones beat those. */
export function functionVariables(sources: VariableSources): Variables {
  const { version, runtime, logStream } = sources;
  return {
    ...defaults(sources),
    ...runtime.functionEnv(version),
    ...version.image?.environment,
    ...version.environment,
    ...shared(sources),
    // @source spec 3.6-01, 3.6-04, 3.6-07, 3.6-14
    ...(version.handler === undefined ? {} : { _HANDLER: version.handler }),
    ...executionEnv(version, runtime),
    AWS_LAMBDA_LOG_GROUP_NAME: version.logging.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: sources.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    _AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1',
    _AWS_XRAY_DAEMON_PORT: '2000',
    // As a shell leaves them that starts the interpreter; recorded of all but these two.
    ...(runtime.family === 'java' || runtime.family === 'provided' ? {} : { PWD: sources.taskRoot, SHLVL: '0' }),
  };
}

/** What an external extension finds: the same but for what concerns the runtime alone. @source spec 3.4-11 */
export function extensionVariables(sources: VariableSources): Variables {
  const { AWS_XRAY_CONTEXT_MISSING: _missing, AWS_XRAY_DAEMON_ADDRESS: _daemon, ...rest } = defaults(sources);
  return { ...rest, ...sources.version.image?.environment, ...sources.version.environment, ...shared(sources) };
}

/** A function may replace these. @source spec 3.6-15 to 3.6-17, 3.6-21 */
const defaults = ({ version, endpointUrl }: VariableSources): Variables => ({
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
  PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
  // An image has libraries of its own, and says where.
  ...(version.packageType === 'Image'
    ? {}
    : { LD_LIBRARY_PATH: '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib' }),
  AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
  AWS_ENDPOINT_URL: endpointUrl,
  // Recorded as absent where the format is Text.
  ...(version.logging.logFormat === 'JSON' ? { AWS_LAMBDA_LOG_FORMAT: 'JSON' } : {}),
  ...(version.logging.applicationLogLevel === undefined ? {} : { AWS_LAMBDA_LOG_LEVEL: version.logging.applicationLogLevel }),
});

/** Reserved, for the runtime and its extensions alike. @source spec 3.6-03 to 3.6-11 */
const shared = ({ version, credentials, initializationType, runtimeApiAddress }: VariableSources): Variables => ({
  AWS_REGION: version.region,
  AWS_DEFAULT_REGION: version.region,
  AWS_LAMBDA_FUNCTION_NAME: version.functionName,
  AWS_LAMBDA_FUNCTION_VERSION: version.version,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMiB),
  AWS_LAMBDA_INITIALIZATION_TYPE: initializationType,
  AWS_LAMBDA_RUNTIME_API: runtimeApiAddress,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
});

function executionEnv(version: FunctionVersion, runtime: ResolvedRuntime): Variables {
  if (version.packageType === 'Image') return { AWS_EXECUTION_ENV: 'AWS_Lambda_Image' };
  return runtime.family === 'provided' ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${runtime.identifier}` };
}

/**
 * Whether a variable of the function must be there before its interpreter starts, so that no booted
 * interpreter will do. @source spec 3.6-23, 3.6-24
 */
export const neededAtStart = (name: string): boolean =>
  /^(AWS_LAMBDA_EXEC_WRAPPER|TZ|LANG|LC_\w+|LD_\w+|MALLOC_\w+|GLIBC_\w+|UV_\w+|OPENSSL_\w+|SSL_CERT_\w+|NODE_(?!ENV$)\w+|PYTHON\w+|_?JAVA_\w+|JDK_\w+|RUBY\w+|GEM_\w+|BUNDLE_\w+|DOTNET_\w+|COMPlus_\w+|CORECLR_\w+|AWS_LAMBDA_DOTNET_PREJIT)$/.test(
    name,
  );

/** @source spec 5.3-02 */
export function logStreamName(version: FunctionVersion, environmentId: string, nowMs: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  const shared = version.logging.logGroup !== `/aws/lambda/${version.functionName}`;
  return `${day}/${shared ? version.functionName : ''}[${version.version}]${environmentId}`;
}
