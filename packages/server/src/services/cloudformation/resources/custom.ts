import type { Made, Making, Properties, ResourceType } from './type.ts';

export const isCustom = (type: string): boolean => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';

interface Answer extends Properties {
  readonly Status?: string;
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** A function, or whoever reads a topic, makes the resource and says so to the URL that it is given. @source CloudFormation User Guide, "Custom resources", read 2026-11 */
export const custom: ResourceType = {
  properties: {},
  attributes: 'any',
  async create(properties, making) {
    const answer = await request('Create', properties, {}, making);
    return made(answer, answer.PhysicalResourceId ?? making.name);
  },
  async update(id, properties, before, making) {
    const answer = await request('Update', properties, { PhysicalResourceId: id, OldResourceProperties: texts(before) }, making);
    return made(answer, answer.PhysicalResourceId ?? id);
  },
  delete: (id, properties, making) => request('Delete', properties, { PhysicalResourceId: id }, making),
};

const made = ({ Data: data = {} }: Answer, id: string): Made => ({ id, attributes: data });

const defaultTimeoutS = 3_600;

async function request(
  RequestType: 'Create' | 'Update' | 'Delete',
  properties: Properties,
  more: Properties,
  making: Making,
): Promise<Answer> {
  const { waiting, clock, token, stackId, logicalId, type, signal } = making;
  const target = String(properties['ServiceToken'] ?? '');
  const service = target.split(':')[2];
  if (service !== 'lambda' && service !== 'sns')
    throw new Error(`Invalid ServiceToken ${target}: it has to be the ARN of a function or a topic.`);
  await waiting.open(token, stackId, logicalId);
  const message = JSON.stringify({
    RequestType,
    ServiceToken: target,
    ResponseURL: waiting.url(token, service === 'lambda' ? 'function' : 'anywhere'),
    StackId: stackId,
    RequestId: token,
    LogicalResourceId: logicalId,
    ResourceType: type,
    ResourceProperties: texts(properties),
    ...more,
  });
  const over = new AbortController();
  const timeoutS = Number(properties['ServiceTimeout'] ?? defaultTimeoutS);
  using _timer = clock.after(timeoutS * 1_000, () =>
    over.abort(new Error(`CloudFormation did not receive a response from your Custom Resource within ${timeoutS} seconds.`)),
  );
  tell(service, target, message, making).catch((error: unknown) => over.abort(error));
  const either = AbortSignal.any([signal, over.signal]);
  while (waiting.answers(token).length === 0) {
    await waiting.next(token, either);
    // An answer counts also when its function failed after it.
    if (waiting.answers(token).length === 0) either.throwIfAborted();
  }
  const answer = waiting.answers(token)[0] as Answer;
  await waiting.close(token);
  if (answer.Status !== 'SUCCESS')
    throw new Error(
      `Received response status [${answer.Status ?? 'none'}] from custom resource. Message returned: ${answer.Reason ?? ''} (RequestId: ${token})`,
    );
  return answer;
}

/** @throws Error for a function that failed: from it nobody needs to wait for an answer */
async function tell(service: 'lambda' | 'sns', target: string, message: string, { aws }: Making): Promise<void> {
  if (service === 'sns')
    return void (await aws.sns.Publish({
      TopicArn: target,
      Subject: 'AWS CloudFormation custom resource request',
      Message: message,
    }));
  const { FunctionError: failed, Payload: payload } = await aws.lambda.Invoke({
    FunctionName: target,
    Payload: Buffer.from(message),
  });
  if (failed !== undefined)
    throw new Error(
      `The function ${target} failed before it answered: ${Buffer.from(payload ?? [])
        .toString('utf8')
        .slice(0, 1_000)}`,
    );
}

/** A custom resource is given texts where the template has numbers and flags. */
function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, texts(item)]));
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}
