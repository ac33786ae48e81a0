import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { before, suite, test, type TestContext } from 'node:test';
import { transformSam } from '../../../packages/server/src/services/cloudformation/sam/index.ts';
import policyTemplates from '../../../packages/server/src/services/cloudformation/sam/policies/templates.json' with { type: 'json' };
import { python, pythonMissing, samCli } from '../../runtimes/kit/sam-cli.ts';
import { casesIn, files, whole, type Case, type Fields } from './cases.ts';

/** What a template comes to, or what is wrong with it. */
type Translated = { readonly template: Fields } | { readonly faults: readonly string[] };

function ours({ template, parameters }: Case): Translated {
  const place = { region: 'us-east-1', account: '123456789012', partition: 'aws' };
  try {
    return { template: transformSam(template, { ...place, parameters, managedPolicy }) };
  } catch (error) {
    const [, count, faults = ''] = /Number of errors found: (\d+)\. (.*)/s.exec((error as Error).message) ?? [];
    if (count === undefined) throw error;
    return { faults: faults.split(/ (?=Resource with id )/) };
  }
}
const managedPolicy = (name: string): string | undefined =>
  /^(Amazon|AWS)/.test(name) ? `arn:aws:iam::aws:policy/${name}` : undefined;

/** All at once: the translator takes a second to start. */
function theirs(site: string, cases: ReadonlyMap<string, Case>): Readonly<Record<string, Translated>> {
  const { stdout, stderr, status } = spawnSync(python ?? '', [path.join(import.meta.dirname, 'translate.py')], {
    input: JSON.stringify(Object.fromEntries(cases)),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PYTHONPATH: site, AWS_DEFAULT_REGION: 'us-east-1' },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Readonly<Record<string, Translated>>;
}

/** Without what the translator leaves to chance, or hashes in a form of its own. */
function comparable(translated: Translated): unknown {
  if ('faults' in translated) return translated.faults.toSorted();
  const { Transform: _, ...template } = translated.template;
  const resources = Object.values(template['Resources'] as Record<string, { DependsOn?: unknown; Properties?: Fields }>);
  for (const { DependsOn, Properties } of resources) {
    // What it keeps as sets it writes in any order.
    for (const list of [DependsOn, Properties?.['ApiStages'], Properties?.['StageKeys']])
      if (Array.isArray(list)) list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  const shared = (template['Conditions'] as Record<string, Fields> | undefined)?.['SharedUsagePlanCondition']?.['Fn::Or'];
  if (Array.isArray(shared)) shared.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (Object.keys((template['Conditions'] as Fields | undefined) ?? {}).length === 0) delete template['Conditions'];
  return JSON.parse(withoutDeployments(JSON.stringify(template)));
}

/** Deployments of REST APIs are named after a hash of a document in the translator's own form, ours after its JSON. */
function withoutDeployments(text: string): string {
  const hashes = new Set([...text.matchAll(/Deployment([0-9a-f]{10})"/g)].map(([, hash = '']) => hash));
  return [...hashes].reduce((rest, hash) => rest.replaceAll(new RegExp(`${hash}[0-9a-f]*`, 'g'), '…'), text);
}

suite('SAM templates come to what aws-sam-translator makes of them', { timeout: 280_000, skip: pythonMissing }, () => {
  let site: string;
  before(async () => {
    site = await samCli();
  });

  for (const file of files) {
    suite(path.basename(file, '.yaml'), () => {
      const cases = casesIn(file);
      let expected: Readonly<Record<string, Translated>>;
      before(() => {
        expected = theirs(site, cases);
      });
      for (const [name, each] of cases) {
        test(name, (t: TestContext) => {
          const wanted = expected[name];
          t.assert.ok(wanted !== undefined);
          t.assert.deepEqual(comparable(ours(each)), comparable(wanted));
        });
      }
    });
  }

  test('every policy template', (t: TestContext) => {
    const names = Object.keys(policyTemplates);
    const cases = new Map(names.map((name) => [name, functionWith({ [name]: parametersOf(name) })]));
    const expected = theirs(site, cases);
    t.assert.equal(names.length, 81);
    for (const [name, each] of cases)
      t.assert.deepEqual(comparable(ours(each)), comparable(expected[name] ?? { faults: [] }), name);
  });
});

const functionWith = (policy: Fields): Case => ({
  template: { Resources: { F: whole({ Policies: [policy] }) }, Transform: 'AWS::Serverless-2016-10-31' },
  parameters: {},
});

/** A value for every parameter of a policy template: the fault of one without any names them. */
function parametersOf(name: string): Fields {
  const bare = ours(functionWith({ [name]: {} }));
  const missing = 'faults' in bare ? [...(/\[([^\]]*)\]$/.exec(bare.faults[0] ?? '')?.[1] ?? '').matchAll(/\w+/g)] : [];
  return Object.fromEntries(missing.map(([parameter]) => [parameter, { Ref: `Given${parameter}` }]));
}
