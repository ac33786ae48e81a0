export { ConfigError, isLoopback, readConfig, settings, type Config, type Given } from './config.ts';
export { DataFolderInUse } from './lock.ts';
export { serve, type Started } from './serve.ts';
export { addRuntime, diagnose, listRuntimes, type Diagnosis } from './inspect.ts';
