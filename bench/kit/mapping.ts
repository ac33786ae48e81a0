import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { setTimeout as pause } from 'node:timers/promises';

/** @returns the mapping's UUID, once it is at work or at rest as it was asked to be */
export async function createMapping(lambda: LambdaClient, input: CreateEventSourceMappingCommandInput): Promise<string> {
  const { UUID = '' } = await lambda.send(new CreateEventSourceMappingCommand(input));
  await inState(lambda, UUID, input.Enabled === false ? 'Disabled' : 'Enabled');
  return UUID;
}

export async function switchMapping(lambda: LambdaClient, UUID: string, Enabled: boolean): Promise<void> {
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  await inState(lambda, UUID, Enabled ? 'Enabled' : 'Disabled');
}

async function inState(lambda: LambdaClient, UUID: string, state: string): Promise<void> {
  while ((await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State !== state) await pause(10);
}
