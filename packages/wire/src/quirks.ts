import type { Quirks } from './constraints.ts';
import type { ServiceName } from './services.ts';

const lambdaRuntimes = [
  'nodejs20.x',
  'python3.14',
  'provided.al2023',
  'python3.12',
  'python3.13',
  'nodejs24.x',
  'nodejs22.x',
  'java25',
  'python3.10',
  'python3.11',
  'java21',
  'ruby3.3',
  'ruby3.4',
  'ruby3.2',
  'python3.8',
  'python3.9',
  'java17',
  'nodejs16.x',
  'dotnet10',
  'dotnet8',
  'java11',
  'dotnet6',
  'nodejs18.x',
  'provided.al2',
  'java8.al2',
];

export const quirks: Partial<Readonly<Record<ServiceName, Quirks>>> = {
  lambda: {
    lastFirst: true,
    // Order of the recorded answers. @source spec 9.1-12, 9.2-10
    enums: {
      Runtime: lambdaRuntimes,
      SnapStartApplyOn: ['PublishedVersions', 'None'],
      EventSourcePosition: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'],
    },
    // control refuses unknown runtimes with another exception and text. @source spec 9.3-02
    unchecked: ['CreateFunctionRequest.Runtime', 'UpdateFunctionConfigurationRequest.Runtime'],
    notNullItems: ['LayerList', 'ArchitecturesList', 'CompatibleArchitectures'],
    bareItems: ['CompatibleRuntimes'],
  },
};
