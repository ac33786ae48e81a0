import { notYet, type Handlers, type LambdaOperations } from '@mayfly/wire';
import { accountHandlers } from './account/handlers.ts';
import { aliasHandlers } from './aliases/handlers.ts';
import type { Catalog } from './catalog.ts';
import { createFunction } from './functions/create.ts';
import { deleteFunctions } from './functions/delete.ts';
import { readFunctions } from './functions/read.ts';
import { updateFunctions } from './functions/update.ts';
import { layerHandlers } from './layers/handlers.ts';
import { layerPolicyHandlers } from './layers/policy-handlers.ts';
import type { Room } from './room.ts';
import { tagHandlers } from './tags/handlers.ts';
import { versionHandlers } from './versions/handlers.ts';

/** All operations of Lambda but those that invoke. */
export type ControlHandlers = Omit<Handlers<LambdaOperations>, 'Invoke' | 'InvokeAsync' | 'InvokeWithResponseStream'>;

export const controlHandlers = (room: Room, catalog: Catalog): ControlHandlers => ({
  ...createFunction(room),
  ...readFunctions(room),
  ...updateFunctions(room),
  ...deleteFunctions(room),
  ...versionHandlers(room),
  ...aliasHandlers(room),
  ...tagHandlers(room),
  ...accountHandlers(room, catalog),
  ...layerHandlers(room),
  ...layerPolicyHandlers(room),
  ...missing,
});

const missing = {
  AddPermission: notYet('AddPermission'),
  RemovePermission: notYet('RemovePermission'),
  GetPolicy: notYet('GetPolicy'),
  PutResourcePolicy: notYet('PutResourcePolicy'),
  GetResourcePolicy: notYet('GetResourcePolicy'),
  DeleteResourcePolicy: notYet('DeleteResourcePolicy'),
  CreateFunctionUrlConfig: notYet('CreateFunctionUrlConfig'),
  GetFunctionUrlConfig: notYet('GetFunctionUrlConfig'),
  ListFunctionUrlConfigs: notYet('ListFunctionUrlConfigs'),
  UpdateFunctionUrlConfig: notYet('UpdateFunctionUrlConfig'),
  DeleteFunctionUrlConfig: notYet('DeleteFunctionUrlConfig'),
  CreateCodeSigningConfig: notYet('CreateCodeSigningConfig'),
  GetCodeSigningConfig: notYet('GetCodeSigningConfig'),
  ListCodeSigningConfigs: notYet('ListCodeSigningConfigs'),
  UpdateCodeSigningConfig: notYet('UpdateCodeSigningConfig'),
  DeleteCodeSigningConfig: notYet('DeleteCodeSigningConfig'),
  PutFunctionCodeSigningConfig: notYet('PutFunctionCodeSigningConfig'),
  GetFunctionCodeSigningConfig: notYet('GetFunctionCodeSigningConfig'),
  DeleteFunctionCodeSigningConfig: notYet('DeleteFunctionCodeSigningConfig'),
  ListFunctionsByCodeSigningConfig: notYet('ListFunctionsByCodeSigningConfig'),
  PutFunctionConcurrency: notYet('PutFunctionConcurrency'),
  GetFunctionConcurrency: notYet('GetFunctionConcurrency'),
  DeleteFunctionConcurrency: notYet('DeleteFunctionConcurrency'),
  PutProvisionedConcurrencyConfig: notYet('PutProvisionedConcurrencyConfig'),
  GetProvisionedConcurrencyConfig: notYet('GetProvisionedConcurrencyConfig'),
  ListProvisionedConcurrencyConfigs: notYet('ListProvisionedConcurrencyConfigs'),
  DeleteProvisionedConcurrencyConfig: notYet('DeleteProvisionedConcurrencyConfig'),
  PutFunctionEventInvokeConfig: notYet('PutFunctionEventInvokeConfig'),
  UpdateFunctionEventInvokeConfig: notYet('UpdateFunctionEventInvokeConfig'),
  GetFunctionEventInvokeConfig: notYet('GetFunctionEventInvokeConfig'),
  ListFunctionEventInvokeConfigs: notYet('ListFunctionEventInvokeConfigs'),
  DeleteFunctionEventInvokeConfig: notYet('DeleteFunctionEventInvokeConfig'),
  CreateEventSourceMapping: notYet('CreateEventSourceMapping'),
  GetEventSourceMapping: notYet('GetEventSourceMapping'),
  ListEventSourceMappings: notYet('ListEventSourceMappings'),
  UpdateEventSourceMapping: notYet('UpdateEventSourceMapping'),
  DeleteEventSourceMapping: notYet('DeleteEventSourceMapping'),
  PutRuntimeManagementConfig: notYet('PutRuntimeManagementConfig'),
  GetRuntimeManagementConfig: notYet('GetRuntimeManagementConfig'),
  PutFunctionRecursionConfig: notYet('PutFunctionRecursionConfig'),
  GetFunctionRecursionConfig: notYet('GetFunctionRecursionConfig'),
  PutFunctionScalingConfig: notYet('PutFunctionScalingConfig'),
  GetFunctionScalingConfig: notYet('GetFunctionScalingConfig'),
  CheckpointDurableExecution: notYet('CheckpointDurableExecution'),
  GetDurableExecutionState: notYet('GetDurableExecutionState'),
  GetDurableExecution: notYet('GetDurableExecution'),
  GetDurableExecutionHistory: notYet('GetDurableExecutionHistory'),
  ListDurableExecutionsByFunction: notYet('ListDurableExecutionsByFunction'),
  StopDurableExecution: notYet('StopDurableExecution'),
  SendDurableExecutionCallbackSuccess: notYet('SendDurableExecutionCallbackSuccess'),
  SendDurableExecutionCallbackFailure: notYet('SendDurableExecutionCallbackFailure'),
  SendDurableExecutionCallbackHeartbeat: notYet('SendDurableExecutionCallbackHeartbeat'),
  CreateCapacityProvider: notYet('CreateCapacityProvider'),
  GetCapacityProvider: notYet('GetCapacityProvider'),
  ListCapacityProviders: notYet('ListCapacityProviders'),
  UpdateCapacityProvider: notYet('UpdateCapacityProvider'),
  DeleteCapacityProvider: notYet('DeleteCapacityProvider'),
  ListFunctionVersionsByCapacityProvider: notYet('ListFunctionVersionsByCapacityProvider'),
};
