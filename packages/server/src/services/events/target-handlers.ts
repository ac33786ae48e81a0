import { ServiceFault, type Call, type EventBridgeOperations, type Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { canReach } from '../kit/targets.ts';
import { busPlace } from './bus.ts';
import { paged, tokenOf, type Desk } from './desk.ts';
import { invalid, ruleNotFound, tooMany } from './faults.ts';
import { checkInput } from './input.ts';
import type { Rule, Target } from './kinds.ts';

type TargetHandlers = Pick<Handlers<EventBridgeOperations>, 'PutTargets' | 'RemoveTargets' | 'ListTargetsByRule'>;

/** @source EventBridge User Guide, "Quotas": five a rule */
const mostTargets = 5;

export function targetHandlers({ records, buses, ingest, ports }: Desk): TargetHandlers {
  const edit = async (
    call: Call,
    input: { readonly Rule?: string | undefined; readonly EventBusName?: string | undefined },
    change: (rule: Rule) => Rule,
  ): Promise<void> => {
    const { bus, ...place } = busPlace(call, input.EventBusName);
    buses.get(place, bus);
    await records.change((draft) => {
      const rule = draft.get('rule', scopeOf(place), `${bus}/${input.Rule}`);
      if (rule === undefined) throw ruleNotFound(input.Rule ?? '', bus);
      draft.put('rule', scopeOf(place), `${bus}/${input.Rule}`, change(rule));
    });
    ingest.changed(place, bus);
  };
  const check = (target: Target): void => {
    checkInput(target);
    const arn = target.Arn ?? '';
    if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:./.test(arn))
      throw invalid(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
    if (/^arn:[^:]*:sqs:.*\.fifo$/.test(arn) && target.SqsParameters === undefined)
      throw invalid(`Parameter(s) SqsParameters must be specified for target: ${target.Id}.`);
    if (/^arn:[^:]*:kinesis:/.test(arn) && target.RoleArn === undefined) throw invalid(`RoleArn is required for target ${arn}.`);
    if (canReach(ports, arn) || /^arn:[^:]*:events:[^:]*:[^:]*:(event-bus|api-destination)\//.test(arn)) return;
    throw new ServiceFault('ValidationException', `Mayfly cannot deliver to ${arn} yet. docs/parity.md lists what it can.`, {
      status: 400,
    });
  };
  return {
    async PutTargets(input, call) {
      const targets = input.Targets ?? [];
      for (const target of targets) check(target);
      await edit(call, input, (rule) => {
        const kept = rule.targets.filter(({ Id: id }) => !targets.some((each) => each.Id === id));
        if (kept.length + targets.length > mostTargets) throw tooMany();
        return { ...rule, targets: [...kept, ...targets] };
      });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    async RemoveTargets(input, call) {
      const gone: { TargetId: string; ErrorCode: string; ErrorMessage: string }[] = [];
      await edit(call, input, (rule) => {
        for (const id of input.Ids ?? []) {
          if (rule.targets.some((each) => each.Id === id)) continue;
          gone.push({
            TargetId: id,
            ErrorCode: 'ResourceNotFoundException',
            ErrorMessage: `Rule ${rule.name} does not have target(s) with Id(s): ${id}`,
          });
        }
        return { ...rule, targets: rule.targets.filter(({ Id: id }) => input.Ids?.includes(id ?? '') !== true) };
      });
      return { FailedEntryCount: gone.length, FailedEntries: gone };
    },

    ListTargetsByRule(input, call) {
      const { bus, ...place } = busPlace(call, input.EventBusName);
      buses.get(place, bus);
      const rule = buses.rule(place, bus, input.Rule ?? '');
      if (rule === undefined) throw ruleNotFound(input.Rule ?? '', bus);
      const page = paged(
        rule.targets.map((target) => ({ name: target.Id ?? '', target })).sort((a, b) => (a.name < b.name ? -1 : 1)),
        input,
      );
      return Promise.resolve({ Targets: page.items.map(({ target }) => target), ...tokenOf(page) });
    },
  };
}
