import type { Scenarios } from '../kit/stage.ts';
import { sqsScenarios } from './sqs.ts';
import { snsScenarios } from './sns.ts';

const of = (service: string, scenarios: Scenarios): Scenarios =>
  Object.fromEntries(Object.entries(scenarios).map(([title, scenario]) => [`${service}/${title}`, scenario]));

/** Every scenario that is played, by the service and its recorded name. */
export const scenarios: Scenarios = { ...of('sqs', sqsScenarios), ...of('sns', snsScenarios) };
