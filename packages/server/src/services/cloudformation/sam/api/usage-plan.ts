import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { asMap, isMap, pick, ref, type Fields } from '../values.ts';

const kinds = ['SHARED', 'PER_API', 'NONE'];
const settings = ['Description', 'Quota', 'Tags', 'Throttle', 'UsagePlanName'];

/** A key for callers of an API and the plan that says how much they may call, each API's own or one for all that share it. */
export function addUsagePlan({
  logicalId,
  stageId,
  plan,
  inherited,
  draft,
}: {
  readonly logicalId: string;
  readonly stageId: string;
  readonly plan: unknown;
  readonly inherited: Fields;
  readonly draft: Draft;
}): void {
  if (plan === undefined) return;
  if (!isMap(plan)) throw new InvalidResource(logicalId, `'UsagePlan' must be a dictionary`);
  const { CreateUsagePlan: kind, ...others } = plan;
  if (Object.keys(others).some((name) => !settings.includes(name)))
    throw new InvalidResource(logicalId, `Invalid property for 'UsagePlan'`);
  if (kind === undefined) throw new InvalidResource(logicalId, `'CreateUsagePlan' is a required field for UsagePlan.`);
  if (typeof kind !== 'string' || !kinds.includes(kind))
    throw new InvalidResource(logicalId, `'CreateUsagePlan' accepts one of ['${kinds.join(`', '`)}'].`);
  if (kind === 'NONE') return;
  const isShared = kind === 'SHARED';
  const prefix = isShared ? 'Serverless' : logicalId;
  const [planId, keyId, planKeyId] = [`${prefix}UsagePlan`, `${prefix}ApiKey`, `${prefix}UsagePlanKey`];
  const before = isShared ? draft.shared : [];
  const apis = [...before, { logicalId, stageId, condition: inherited['Condition'] }];
  if (isShared) draft.shared = apis;
  const conditions = apis.map(({ condition }) => (typeof condition === 'string' ? condition : undefined));
  const Condition = isShared ? draft.any(conditions, 'SharedUsagePlanCondition') : inherited['Condition'];
  const attributes = (...DependsOn: readonly string[]): Fields => ({ ...inherited, Condition, DependsOn });
  draft.add(
    planId,
    'AWS::ApiGateway::UsagePlan',
    {
      // What the last of those that share it says.
      ...asMap(draft.made[planId]?.['Properties']),
      ...pick(others, settings),
      ApiStages: apis.map((api) => ({ ApiId: ref(api.logicalId), Stage: ref(api.stageId) })),
    },
    attributes(...apis.map((api) => api.logicalId)),
  );
  draft.add(
    keyId,
    'AWS::ApiGateway::ApiKey',
    { Enabled: true, StageKeys: apis.map((api) => ({ RestApiId: ref(api.logicalId), StageName: ref(api.stageId) })) },
    attributes(planId),
  );
  draft.add(
    planKeyId,
    'AWS::ApiGateway::UsagePlanKey',
    { KeyId: ref(keyId), KeyType: 'API_KEY', UsagePlanId: ref(planId) },
    attributes(keyId),
  );
  for (const [name, id] of [
    ['UsagePlan', planId],
    ['ApiKey', keyId],
    ['UsagePlanKey', planKeyId],
  ] as const)
    draft.renamed.set(`${logicalId}.${name}`, id);
}
