/**
 * Writes docs/parity.md: every operation of every service, built or not yet, read from the handlers
 * themselves. `node tools/parity.ts --check` only compares.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock, systemRandom } from '../packages/server/src/base/index.ts';
import { readConfig } from '../packages/server/src/main/config.ts';
import { openHouse } from '../packages/server/src/main/house.ts';
import { isNotYet, serviceNames } from '../packages/wire/src/index.ts';

const file = path.join(import.meta.dirname, '../docs/parity.md');

const names: Readonly<Record<string, string>> = {
  lambda: 'Lambda',
  logs: 'CloudWatch Logs',
  cloudformation: 'CloudFormation',
  cloudwatch: 'CloudWatch',
  iam: 'IAM',
  sts: 'STS',
  s3: 'S3',
  sqs: 'SQS',
  sns: 'SNS',
  dynamodb: 'DynamoDB',
  dynamodbstreams: 'DynamoDB Streams',
  kinesis: 'Kinesis',
  events: 'EventBridge',
  scheduler: 'EventBridge Scheduler',
  ecr: 'ECR',
  ssm: 'Systems Manager Parameter Store',
  secretsmanager: 'Secrets Manager',
  signer: 'Signer',
  apigateway: 'API Gateway (REST APIs)',
  apigatewayv2: 'API Gateway (HTTP APIs)',
};

/** The page as the handlers have it now. */
export async function parityPage(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-parity-'));
  try {
    await using house = await openHouse({
      config: readConfig({ flags: { dataDir, isolation: 'none', poolSize: 0 }, env: {} }),
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      origin: () => 'http://127.0.0.1:4566',
      serveEndpoint: (connection) => void connection.destroy(),
      onStorageFailure: () => {},
    });
    const rows: string[] = [];
    const gaps: string[] = [];
    for (const service of serviceNames) {
      const table = await house.handlers[service]();
      const all = Object.keys(table).sort();
      const missing = all.filter((name) => isNotYet(table[name] as object));
      const title = names[service] ?? service;
      rows.push(`| ${title} | ${all.length - missing.length} | ${all.length} |`);
      if (missing.length > 0) gaps.push(`## ${title}: not yet\n\n${missing.map((name) => `\`${name}\``).join(', ')}`);
    }
    return [
      '# Parity',
      '',
      'Made by `node tools/parity.ts` from the handlers themselves; a test keeps it true. An operation that is not built',
      'answers `NotImplementedException` (400) in its own protocol. How built ones differ from AWS is told in',
      '`PROMISES.md` and in `test/conformance/TABLE.md`.',
      '',
      '| service | built | operations |',
      '|---|---|---|',
      ...rows,
      '',
      ...gaps.flatMap((gap) => [gap, '']),
    ].join('\n');
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const page = await parityPage();
  if (process.argv.includes('--check')) {
    if ((await readFile(file, 'utf8')) !== page)
      throw new Error('docs/parity.md is not what the handlers have. Run: node tools/parity.ts');
  } else await writeFile(file, page);
}
