export * from './errors.ts';
export * from './grouped-writes.ts';
export * from './migrations.ts';
export * from './open.ts';
export * from './port.ts';
