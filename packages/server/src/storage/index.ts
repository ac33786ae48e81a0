export * from './errors.ts';
export * from './migrations.ts';
export * from './open.ts';
export * from './port.ts';
