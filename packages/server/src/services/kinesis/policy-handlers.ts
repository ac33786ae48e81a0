import { ServiceFault, type Call, type Handlers, type KinesisOperations } from '@mayfly/wire';
import { isJson } from '../kit/json-text.ts';
import type { Stream } from './stream.ts';
import type { Streams } from './streams.ts';

type Names = 'PutResourcePolicy' | 'GetResourcePolicy' | 'DeleteResourcePolicy';

/** Policies of streams and of their consumers, kept with the stream by the ARN of what they are about. */
export function policyHandlers(streams: Streams): Pick<Handlers<KinesisOperations>, Names> {
  const find = (call: Call, arn: string | undefined): { readonly stream: Stream; readonly arn: string } => {
    const stream = streams.get(call, undefined, arn);
    const of = arn ?? '';
    if (of !== stream.arn && !stream.consumers.some((each) => each.arn === of))
      throw new ServiceFault('ResourceNotFoundException', `Consumer ${of}, under account ${call.account} not found.`);
    return { stream, arn: of };
  };
  return {
    async PutResourcePolicy(input, call) {
      const { stream, arn } = find(call, input.ResourceARN);
      const { Policy: policy = '' } = input;
      if (!isJson(policy)) throw new ServiceFault('InvalidArgumentException', 'The policy is not valid JSON.');
      await streams.save({ ...stream, policies: { ...stream.policies, [arn]: policy } }, stream);
      return {};
    },
    GetResourcePolicy(input, call) {
      const { stream, arn } = find(call, input.ResourceARN);
      return Promise.resolve({ Policy: stream.policies?.[arn] ?? '{}' });
    },
    async DeleteResourcePolicy(input, call) {
      const { stream, arn } = find(call, input.ResourceARN);
      const { [arn]: gone, ...policies } = stream.policies ?? {};
      if (gone === undefined)
        throw new ServiceFault('ResourceNotFoundException', `No resource policy found for resource ARN ${arn}`);
      await streams.save({ ...stream, policies }, stream);
      return {};
    },
  };
}
