import type { Call } from '@mayfly/wire';
import { zipOf } from '../../../../test/kit/zip.ts';
import { openForCrash, scope } from './crash.kit.ts';

// Deploys one function after the other and says each name when it has its answer; ends by being killed.
const [dataDir = '', cycle = ''] = process.argv.slice(2);
await using house = await openForCrash(dataDir);
const { handlers } = house.control;
const call: Call = {
  ...scope,
  requestId: '',
  service: 'lambda',
  operation: '',
  caller: { kind: 'anonymous' },
  signal: new AbortController().signal,
  origin: '',
  headers: {},
};
for (let n = 0; ; n += 1) {
  const FunctionName = `f-${cycle}-${n}`;
  const layer = await handlers.PublishLayerVersion(
    { LayerName: 'l', Content: { ZipFile: await zipOf({ 'lib.js': FunctionName }) } },
    call,
  );
  await handlers.CreateFunction(
    {
      FunctionName,
      Role: 'arn:aws:iam::111111111111:role/r',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: await zipOf({ 'index.js': `// ${FunctionName}` }) },
      Layers: [layer.LayerVersionArn ?? ''],
      Environment: { Variables: { NAME: FunctionName } },
      Publish: true,
    },
    call,
  );
  process.stdout.write(`${FunctionName}\n`);
}
