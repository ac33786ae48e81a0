import { ServiceFault, type Call, type EventBridgeOperations, type Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { parsePattern } from '../kit/pattern/index.ts';
import { parseExpression } from '../kit/schedule/index.ts';
import { busPlace, ruleArn, type Place } from './bus.ts';
import { tagsOf } from './bus-handlers.ts';
import { checkPattern, given, paged, tokenOf, type Desk } from './desk.ts';
import { invalid, ruleNotFound, tooMany } from './faults.ts';
import type { Rule } from './kinds.ts';
import type { RuleSchedules } from './rule-schedules.ts';

type RuleHandlers = Pick<
  Handlers<EventBridgeOperations>,
  | 'PutRule'
  | 'DescribeRule'
  | 'DeleteRule'
  | 'EnableRule'
  | 'DisableRule'
  | 'ListRules'
  | 'ListRuleNamesByTarget'
  | 'TestEventPattern'
>;

/** @source EventBridge User Guide, "Quotas": 300 a bus, which AWS lifts on request */
const mostRules = 2000;

export function ruleHandlers(desk: Desk, schedules: RuleSchedules): RuleHandlers {
  const { records, buses, ingest, clock } = desk;
  const find = (
    call: Call,
    input: { readonly Name?: string | undefined; readonly EventBusName?: string | undefined },
  ): Rule & { readonly place: Place } => {
    const { bus, ...place } = busPlace(call, input.EventBusName);
    buses.get(place, bus);
    const rule = buses.rule(place, bus, input.Name ?? '');
    if (rule === undefined) throw ruleNotFound(input.Name ?? '', bus);
    return { ...rule, place };
  };
  const save = async (place: Place, rule: Rule): Promise<void> => {
    await records.change((draft) => {
      const scope = scopeOf(place);
      const known = draft.get('rule', scope, `${rule.bus}/${rule.name}`);
      if (known === undefined && draft.list('rule', scope).filter(({ bus }) => bus === rule.bus).length >= mostRules)
        throw tooMany();
      // Targets may have changed since the rule was read.
      draft.put('rule', scope, `${rule.bus}/${rule.name}`, { ...rule, targets: known?.targets ?? rule.targets });
    });
    ingest.changed(place, rule.bus);
    await schedules.changed(place, rule.name);
  };
  const setState = async (
    call: Call,
    input: { readonly Name?: string | undefined; readonly EventBusName?: string | undefined },
    state: Rule['state'],
  ): Promise<object> => {
    const { place, ...rule } = find(call, input);
    await save(place, { ...rule, state });
    return {};
  };
  return {
    async PutRule(input, call) {
      const { bus, ...place } = busPlace(call, input.EventBusName);
      const name = input.Name ?? '';
      buses.get(place, bus);
      if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
        throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      }
      checkPattern(input.EventPattern);
      if (input.ScheduleExpression !== undefined) {
        if (bus !== 'default') throw invalid('ScheduleExpression is supported only on the default event bus.');
        const expression = parseExpression(input.ScheduleExpression);
        if (expression === undefined || expression.kind === 'at') throw invalid('Parameter ScheduleExpression is not valid.');
      }
      const known = buses.rule(place, bus, name);
      const rule: Rule = {
        name,
        bus,
        arn: ruleArn(place, bus, name),
        account: call.account,
        ...given('pattern', input.EventPattern),
        ...given('schedule', input.ScheduleExpression),
        scheduledAtMs: known !== undefined && known.schedule === input.ScheduleExpression ? known.scheduledAtMs : clock.now(),
        state: input.State ?? 'ENABLED',
        ...given('description', input.Description),
        ...given('roleArn', input.RoleArn),
        targets: known?.targets ?? [],
        // Tags of a rule that is there are TagResource's to change.
        tags: known?.tags ?? tagsOf(input.Tags),
      };
      await save(place, rule);
      return { RuleArn: rule.arn };
    },

    DescribeRule(input, call) {
      const rule = find(call, input);
      return Promise.resolve({ ...described(rule), CreatedBy: rule.account });
    },

    async DeleteRule(input, call) {
      const { bus, ...place } = busPlace(call, input.EventBusName);
      buses.get(place, bus);
      await records.change((draft) => {
        const rule = draft.get('rule', scopeOf(place), `${bus}/${input.Name}`);
        if (rule !== undefined && rule.targets.length > 0) throw invalid("Rule can't be deleted since it has targets.");
        draft.delete('rule', scopeOf(place), `${bus}/${input.Name}`);
      });
      ingest.changed(place, bus);
      await schedules.changed(place, input.Name ?? '');
      return {};
    },

    EnableRule: (input, call) => setState(call, input, 'ENABLED'),
    DisableRule: (input, call) => setState(call, input, 'DISABLED'),

    ListRules(input, call) {
      const { bus, ...place } = busPlace(call, input.EventBusName);
      buses.get(place, bus);
      const page = paged(buses.rules(place, bus), input, input.NamePrefix);
      return Promise.resolve({ Rules: page.items.map(described), ...tokenOf(page) });
    },

    ListRuleNamesByTarget(input, call) {
      const { bus, ...place } = busPlace(call, input.EventBusName);
      buses.get(place, bus);
      const page = paged(
        buses.rules(place, bus).filter(({ targets }) => targets.some(({ Arn: arn }) => arn === input.TargetArn)),
        input,
      );
      return Promise.resolve({ RuleNames: page.items.map(({ name }) => name), ...tokenOf(page) });
    },

    TestEventPattern(input) {
      checkPattern(input.EventPattern);
      let event: unknown;
      try {
        event = JSON.parse(input.Event ?? '');
      } catch {
        event = undefined;
      }
      if (typeof event !== 'object' || event === null || Array.isArray(event))
        throw new ServiceFault('ValidationException', 'Parameter Event is not valid.', { status: 400 });
      return Promise.resolve({ Result: parsePattern(input.EventPattern ?? '').matches(event) });
    },
  };
}

const described = (rule: Rule) => ({
  Name: rule.name,
  Arn: rule.arn,
  ...given('EventPattern', rule.pattern),
  ...given('ScheduleExpression', rule.schedule),
  State: rule.state,
  ...given('Description', rule.description),
  ...given('RoleArn', rule.roleArn),
  ...given('ManagedBy', rule.managedBy),
  EventBusName: rule.bus,
});
