import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { awsLimits, type Limits, type LogLevel } from '../base/index.ts';
import { outward } from '../services/index.ts';
import { networkDefinitions, type NetworkDefinitions } from './network-definitions.ts';

export interface Config {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Names under which clients reach this server, besides addresses and local names. */
  readonly hostNames: readonly string[];
  /** Where messages may be delivered over HTTP besides public addresses; see `outward`. */
  readonly deliverTo: readonly string[];
  readonly dataDir: string;
  /** `soft`: signatures are verified, and what policies would refuse is logged instead. */
  readonly auth: 'open' | 'soft' | 'strict';
  /** Whether every refusal is logged with the statement that would allow it. */
  readonly explainDenials: boolean;
  /** `auto`: the best this host has. */
  readonly isolation: 'auto' | 'jail' | 'none';
  /** For requests that name no region. */
  readonly region: string;
  /** Booted boxes kept ready per runtime; 0 switches the pools off. */
  readonly poolSize: number;
  /** How long an environment that nobody uses is kept; `learned`: by the habits of its function. */
  readonly idleMs: number | 'learned';
  /** How long a stopping server waits for the invocations under way. */
  readonly drainMs: number;
  /** Whether a missing bubblewrap may be installed. */
  readonly install: boolean;
  /** Where brokers really are that mappings name by an ARN of AWS: ARN → `host:port` each. */
  readonly brokers: Readonly<Record<string, readonly string[]>>;
  /** Folders of this machine that file systems named by their ARN are: ARN → folder. */
  readonly fileSystems: Readonly<Record<string, string>>;
  /** Networks that functions join by a VpcConfig. */
  readonly networks: NetworkDefinitions;
  /** Registries besides our own that may be asked for images, over HTTPS. */
  readonly imageRegistries: readonly string[];
  /** File with passwords of other registries, as `docker login` writes it; empty = none. Read for each image. */
  readonly registryAuth: string;
  /** Folder from which `oci:`, `oci-archive:` and `docker-archive:` images may be read; empty = none. */
  readonly imageFolder: string;
  /** What a function of a runtime that this host lacks gets: a refusal at create, or at the call. */
  readonly unavailableRuntimes: 'refuse' | 'accept';
  /** What a stack with a resource of a type that nothing here makes gets: a refusal, or all but that resource. */
  readonly cfnUnknown: 'refuse' | 'ignore';
  /** Allows `auth: open` on an address that others can reach. */
  readonly allowPublicOpen: boolean;
  readonly logLevel: LogLevel;
  readonly limits: Limits;
}

/** A setting that cannot be used. The message says where it came from and what to write instead. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
}

interface Setting<T> {
  readonly env: string;
  readonly help: string;
  readonly byDefault: (env: Env) => T;
  /** @throws ConfigError */
  readonly read: (value: unknown, from: string) => T;
}

type Env = Readonly<Record<string, string | undefined>>;

const wrong = (from: string, value: unknown, want: string): ConfigError =>
  new ConfigError(`${from}: ${JSON.stringify(value)} cannot be used. Give ${want}.`);

const whole =
  (min: number, max: number, unit: string) =>
  (value: unknown, from: string): number => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
    throw wrong(from, value, `a whole number of ${unit} from ${min} to ${max}`);
  };

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (value: unknown, from: string): T => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(from, value, `one of ${choices.join(', ')}`);
  };

const yesNo = (value: unknown, from: string): boolean => {
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw wrong(from, value, 'true or false');
};

const text =
  (pattern: RegExp, want: string) =>
  (value: unknown, from: string): string => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw wrong(from, value, want);
  };

function readLimits(value: unknown, from: string): Limits {
  const pairs: [string, unknown][] =
    typeof value === 'string'
      ? value
          .split(',')
          .filter((pair) => pair !== '')
          .map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1]])
      : Object.entries(value ?? {});
  const limits: Record<string, number> = { ...awsLimits };
  for (const [name, amount] of pairs) {
    if (!Object.hasOwn(awsLimits, name)) throw wrong(from, name, `one of ${Object.keys(awsLimits).join(', ')}, as name=value`);
    limits[name] = whole(1, Number.MAX_SAFE_INTEGER, 'units')(amount, `${from}, ${name}`);
  }
  return limits as unknown as Limits;
}

/** Every setting once: flags, environment, file and defaults are all read through this table. */
export const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  host: {
    env: 'MAYFLY_HOST',
    help: 'address to listen on',
    byDefault: () => '127.0.0.1',
    read: text(/^[A-Za-z0-9.:-]+$/, 'an address or a host name, for example 127.0.0.1'),
  },
  port: {
    env: 'MAYFLY_PORT',
    help: 'port to listen on; 0 = any free one',
    byDefault: () => 4566,
    read: whole(0, 65_535, 'ports'),
  },
  hostNames: {
    env: 'MAYFLY_HOST_NAMES',
    help: 'names, with a dot, under which clients reach this server: name,name',
    byDefault: () => [],
    read: (value, from) => {
      const names = typeof value === 'string' ? value.split(',').map((name) => name.trim().toLowerCase()) : value;
      if (Array.isArray(names) && names.every((name) => typeof name === 'string' && /^[a-z0-9.-]+$/.test(name)))
        return names as string[];
      throw wrong(from, value, 'host names, separated by commas');
    },
  },
  deliverTo: {
    env: 'MAYFLY_DELIVER_TO',
    help: 'addresses that are not public and may be sent messages over HTTP: localhost, private, 10.1.0.0/16, 127.0.0.1:3000',
    byDefault: () => [],
    read: (value, from) => {
      const addresses: unknown = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value;
      try {
        if (Array.isArray(addresses) && addresses.every((each) => typeof each === 'string'))
          return outward(addresses) && addresses;
      } catch {
        // Said below.
      }
      throw wrong(from, value, 'localhost, private, addresses or ranges, each perhaps with a port, separated by commas');
    },
  },
  dataDir: {
    env: 'MAYFLY_DATA',
    help: 'folder for everything the server keeps',
    byDefault: (env) => path.join(env['XDG_DATA_HOME'] || path.join(homedir(), '.local', 'share'), 'mayfly'),
    read: (value, from) => path.resolve(text(/^[^\0]+$/, 'a folder')(value, from)),
  },
  auth: {
    env: 'MAYFLY_AUTH',
    help: 'open: any key is taken; strict: signatures are verified and policies decide; soft: policies are only asked',
    byDefault: () => 'open',
    read: oneOf('open', 'soft', 'strict'),
  },
  explainDenials: {
    env: 'MAYFLY_EXPLAIN_DENIALS',
    help: 'log what policies refuse, with the statement that would allow it',
    byDefault: () => false,
    read: yesNo,
  },
  isolation: {
    env: 'MAYFLY_ISOLATION',
    help: 'walls around functions: auto, jail or none',
    byDefault: () => 'auto',
    read: oneOf('auto', 'jail', 'none'),
  },
  region: {
    env: 'MAYFLY_REGION',
    help: 'region of requests that name none',
    byDefault: () => 'us-east-1',
    read: text(/^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/, 'a region such as us-east-1'),
  },
  poolSize: {
    env: 'MAYFLY_POOL_SIZE',
    help: 'booted boxes kept ready per runtime',
    byDefault: () => 2,
    read: whole(0, 1000, 'boxes'),
  },
  idleMs: {
    env: 'MAYFLY_IDLE_MS',
    help: 'how long an environment that nobody uses is kept; learned = by when its function is usually called',
    byDefault: () => 'learned',
    read: (value, from) => (value === 'learned' ? value : whole(0, 86_400_000, 'milliseconds')(value, from)),
  },
  drainMs: {
    env: 'MAYFLY_DRAIN_MS',
    help: 'how long a stop waits for running invocations',
    byDefault: () => 10_000,
    read: whole(0, 900_000, 'milliseconds'),
  },
  install: { env: 'MAYFLY_INSTALL', help: 'install bubblewrap where it is missing', byDefault: () => true, read: yesNo },
  brokers: {
    env: 'MAYFLY_BROKERS',
    help: 'where brokers are that mappings name by ARN: ARN=host:port+host:port,ARN=…',
    byDefault: () => ({}),
    read: (value, from) => {
      const pairs: [string, unknown][] =
        typeof value === 'string'
          ? value
              .split(',')
              .map((pair) => [pair.slice(0, pair.lastIndexOf('=')), pair.slice(pair.lastIndexOf('=') + 1).split('+')])
          : Object.entries(value ?? {});
      for (const [arn, addresses] of pairs)
        if (
          !arn.startsWith('arn:') ||
          !Array.isArray(addresses) ||
          !addresses.every((each) => /^[^\s:]+:\d{1,5}$/.test(String(each)))
        )
          throw wrong(from, arn, 'ARN=host:port, several addresses joined by +');
      return Object.fromEntries(pairs) as Record<string, readonly string[]>;
    },
  },
  fileSystems: {
    env: 'MAYFLY_FILE_SYSTEMS',
    help: 'folders that EFS and S3 Files access points are: ARN=/folder,ARN=/folder; functions write there as the owner, unless he is root',
    byDefault: () => ({}),
    read: (value, from) => {
      const pairs: [string, unknown][] =
        typeof value === 'string'
          ? value.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
          : Object.entries(value ?? {});
      for (const [arn, folder] of pairs)
        if (!arn.startsWith('arn:') || typeof folder !== 'string' || !path.isAbsolute(folder) || folder === '/')
          throw wrong(from, arn, 'ARN=/folder');
      return Object.fromEntries(pairs) as Record<string, string>;
    },
  },
  networks: {
    env: 'MAYFLY_NETWORKS',
    help: 'file that says which networks functions join by a VpcConfig, and what they reach there: see docs/networks.md',
    byDefault: () => ({}),
    read: (value, from) => {
      const given = typeof value === 'string' ? readJson(value, from) : value;
      try {
        return networkDefinitions(given);
      } catch (error) {
        throw new ConfigError(`${from}: ${(error as Error).message}`);
      }
    },
  },
  imageRegistries: {
    env: 'MAYFLY_IMAGE_REGISTRIES',
    help: 'hosts of other registries that functions may take their images from, joined by commas',
    byDefault: () => ['public.ecr.aws', 'docker.io', 'ghcr.io', 'quay.io'],
    read: (value, from) => {
      const hosts = (Array.isArray(value) ? value : String(value).split(','))
        .map((host) => String(host).trim().toLowerCase())
        .filter((host) => host !== '');
      for (const host of hosts)
        if (!/^[a-z0-9.-]+(:\d{1,5})?$/.test(host)) throw wrong(from, host, 'hosts such as ghcr.io, joined by commas');
      return hosts;
    },
  },
  registryAuth: {
    env: 'MAYFLY_REGISTRY_AUTH',
    help: 'file with passwords of other registries, as docker login writes it: ~/.docker/config.json',
    byDefault: () => '',
    read: (value, from) => {
      const file = path.resolve(text(/^[^\0]+$/, 'a file')(value, from));
      readJson(file, from);
      return file;
    },
  },
  imageFolder: {
    env: 'MAYFLY_IMAGE_FOLDER',
    help: 'folder from which oci: and archive images may be read; none unless given',
    byDefault: () => '',
    read: (value, from) => path.resolve(text(/^[^\0]+$/, 'a folder')(value, from)),
  },
  unavailableRuntimes: {
    env: 'MAYFLY_UNAVAILABLE_RUNTIMES',
    help: 'refuse functions of runtimes that this host lacks, or accept them until they are called',
    byDefault: () => 'refuse',
    read: oneOf('refuse', 'accept'),
  },
  cfnUnknown: {
    env: 'MAYFLY_CFN_UNKNOWN',
    help: 'refuse stacks with resources of types that nothing here makes, or ignore those resources',
    byDefault: () => 'refuse',
    read: oneOf('refuse', 'ignore'),
  },
  allowPublicOpen: {
    env: 'MAYFLY_ALLOW_PUBLIC_OPEN',
    help: 'allow --auth open on an address others can reach',
    byDefault: () => false,
    read: yesNo,
  },
  logLevel: {
    env: 'MAYFLY_LOG_LEVEL',
    help: "of the server's own log",
    byDefault: () => 'info',
    read: oneOf('debug', 'info', 'warn', 'error'),
  },
  limits: {
    env: 'MAYFLY_LIMITS',
    help: 'limits to lift, as name=value,name=value',
    byDefault: () => awsLimits,
    read: readLimits,
  },
};

/** What a configuration file and the flags may hold. */
export type Given = { readonly [Name in keyof Config]?: unknown };

/**
 * Flags, then environment, then the file, then defaults.
 *
 * @throws ConfigError naming the setting, where it came from, and what to write
 */
export function readConfig(options: { readonly flags: Given; readonly env: Env; readonly file?: string | undefined }): Config {
  const file = options.file === undefined ? {} : readFile(options.file);
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const key = name as keyof Config;
    const variable = options.env[setting.env];
    if (options.flags[key] !== undefined) config[name] = setting.read(options.flags[key], flagOf(key));
    else if (variable !== undefined && variable !== '') config[name] = setting.read(variable, setting.env);
    else if (file[key] !== undefined) config[name] = setting.read(file[key], `${options.file}, ${name}`);
    else config[name] = setting.byDefault(options.env);
  }
  const complete = config as unknown as Config;
  if (complete.auth === 'open' && !isLoopback(complete.host) && !complete.allowPublicOpen)
    throw new ConfigError(
      `--host ${complete.host} lets others reach a server that takes any key. Use --auth strict, or --allow-public-open if everyone there may run code on this machine.`,
    );
  return complete;
}

/** A name such as `127.example.org` is no loopback address, whatever it begins with. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const flagNames: Partial<Record<keyof Config, string>> = { dataDir: 'data', limits: 'limit' };
const flagOf = (name: keyof Config): string =>
  `--${flagNames[name] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function readJson(file: string, from: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${from}: the file ${file} cannot be read as JSON: ${(error as Error).message}`);
  }
}

function readFile(file: string): Given {
  const content = readJson(file, 'configuration');
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new ConfigError(`The configuration file ${file} has to hold one JSON object.`);
  for (const name of Object.keys(content))
    if (!Object.hasOwn(settings, name))
      throw new ConfigError(`${file}: there is no setting ${name}. There are ${Object.keys(settings).join(', ')}.`);
  return content;
}
