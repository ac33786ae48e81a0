import type { Handlers, LambdaOperations } from '@mayfly/wire';
import { accountHandlers } from './account/handlers.ts';
import { aliasHandlers } from './aliases/handlers.ts';
import { capacityHandlers } from './capacity/handlers.ts';
import type { Catalog } from './catalog.ts';
import { eventInvokeHandlers } from './async/handlers.ts';
import { provisionedHandlers } from './concurrency/provisioned.ts';
import { reservedHandlers } from './concurrency/reserved.ts';
import { createFunction } from './functions/create.ts';
import { deleteFunctions } from './functions/delete.ts';
import { readFunctions } from './functions/read.ts';
import { recursionHandlers } from './functions/recursion.ts';
import { scalingHandlers } from './functions/scaling.ts';
import { updateFunctions } from './functions/update.ts';
import { layerHandlers } from './layers/handlers.ts';
import { layerPolicyHandlers } from './layers/policy-handlers.ts';
import type { MappingBook } from './mappings/book.ts';
import { mappingHandlers } from './mappings/handlers.ts';
import { policyHandlers } from './policies/handlers.ts';
import { wholePolicyHandlers } from './policies/whole-document.ts';
import type { Room } from './room.ts';
import { runtimeManagementHandlers } from './runtime-management/handlers.ts';
import { codeSigningConfigs } from './signing/configs.ts';
import { functionCodeSigning } from './signing/functions.ts';
import { tagHandlers } from './tags/handlers.ts';
import { urlHandlers } from './urls/handlers.ts';
import { versionHandlers } from './versions/handlers.ts';

/** All operations of Lambda but those that invoke, and those on durable executions. */
export type ControlHandlers = Omit<
  Handlers<LambdaOperations>,
  'Invoke' | 'InvokeAsync' | 'InvokeWithResponseStream' | DurableOperation
>;
type DurableOperation = Extract<keyof LambdaOperations, `${string}DurableExecution${string}`>;

export const controlHandlers = (room: Room, catalog: Catalog, mappings: MappingBook): ControlHandlers => ({
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
  ...policyHandlers(room),
  ...wholePolicyHandlers(room),
  ...urlHandlers(room),
  ...eventInvokeHandlers(room),
  ...reservedHandlers(room, catalog),
  ...provisionedHandlers(room, catalog),
  ...codeSigningConfigs(room),
  ...functionCodeSigning(room),
  ...runtimeManagementHandlers(room),
  ...recursionHandlers(room),
  ...scalingHandlers(room),
  ...mappingHandlers(room, mappings),
  ...capacityHandlers(room),
});
