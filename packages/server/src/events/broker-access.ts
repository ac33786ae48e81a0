import type { Broker, BrokerAddresses, Mapping, ReadSecret } from './port.ts';

/** How to get in. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** @throws Error naming what is missing */
export function addressesOf(mapping: Mapping, broker: Broker, known: BrokerAddresses): readonly string[] {
  const addresses = broker.addresses ?? known(mapping.eventSourceArn);
  if (addresses !== undefined && addresses.length > 0) return addresses;
  throw new Error(
    `Nobody has said where ${mapping.eventSourceArn} is. Start the server with --broker ${mapping.eventSourceArn}=host:port`,
  );
}

/** The secret of the first of these kinds of access, if any is configured. @throws Error when it is not what it should be */
export async function credentialsOf(
  mapping: Mapping,
  broker: Broker,
  types: readonly string[],
  readSecret: ReadSecret,
): Promise<(Credentials & { readonly type: string }) | undefined> {
  const access = broker.access.find(({ type }) => types.includes(type));
  if (access === undefined) return undefined;
  let secret: unknown;
  try {
    secret = JSON.parse(await readSecret(access.uri, mapping));
  } catch (error) {
    throw new Error(`The secret ${access.uri} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const { username, password } = (secret ?? {}) as Partial<Credentials>;
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new Error(`The secret ${access.uri} has to hold {"username","password"}.`);
  return { type: access.type, username, password };
}
