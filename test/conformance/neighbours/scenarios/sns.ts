import type { Scenarios } from '../kit/stage.ts';

export const snsScenarios: Scenarios = {};
