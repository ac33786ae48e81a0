export { Access, type AccessOptions, type Guarded } from './access.ts';
export type { Demand } from './demand.ts';
export { rulesOf, type Readers } from './rules.ts';
