import type { Scenarios } from '../kit/stage.ts';
import { aliasScenarios } from './aliases.ts';
import { codeSigningScenarios } from './code-signing.ts';
import { configurationScenarios } from './configuration.ts';
import { layerScenarios } from './layers.ts';
import { urlScenarios } from './urls.ts';
import { invokeScenarios } from './invoke.ts';
import { commonScenarios } from './runtimes-common.ts';
import { mappingScenarios } from './event-source-mappings.ts';
import { destinationScenarios } from './destinations.ts';
import { streamScenarios } from './streams.ts';
import { languageScenarios } from './languages.ts';
import { batchScenarios } from './batches.ts';
import { imageScenarios } from './images.ts';
import { concurrencyScenarios } from './concurrency.ts';
import { eventInvokeScenarios } from './event-invoke.ts';
import { functionScenarios } from './functions.ts';
import { nameScenarios } from './name-validation.ts';
import { patientScenarios } from './patient.ts';
import { permissionScenarios } from './permissions.ts';
import { tagScenarios } from './tags.ts';
import { versionScenarios } from './versions.ts';

/** Every scenario that is played, by its recorded name. */
export const scenarios: Scenarios = {
  ...patientScenarios,
  ...functionScenarios,
  ...nameScenarios,
  ...versionScenarios,
  ...aliasScenarios,
  ...tagScenarios,
  ...eventInvokeScenarios,
  ...permissionScenarios,
  ...concurrencyScenarios,
  ...imageScenarios,
  ...batchScenarios,
  ...languageScenarios,
  ...streamScenarios,
  ...destinationScenarios,
  ...mappingScenarios,
  ...commonScenarios,
  ...invokeScenarios,
  ...urlScenarios,
  ...layerScenarios,
  ...configurationScenarios,
  ...codeSigningScenarios,
};
