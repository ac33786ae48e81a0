import { ServiceFault } from '@mayfly/wire';

export const streamNotFound = (name: string, account: string): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', `Stream ${name} under account ${account} not found.`);

export const shardNotFound = (shardId: string, name: string, account: string): ServiceFault =>
  new ServiceFault('ResourceNotFoundException', `Could not find shard ${shardId} in stream ${name} under account ${account}.`);

export const badArgument = (message: string): ServiceFault => new ServiceFault('InvalidArgumentException', message);

export const inUse = (message: string): ServiceFault => new ServiceFault('ResourceInUseException', message);
