import { ServiceFault } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../../base/index.ts';
import { awsAs, type Aws, type Road } from '../aws.ts';
import { invalid, StackFault } from '../faults.ts';
import type { ResourceTypes } from '../resources/index.ts';
import type { Made, Making, ResourceType, Waiting } from '../resources/type.ts';
import { lookedUp } from '../template/dynamic.ts';
import type { Evaluator } from '../template/evaluate.ts';
import { dependenciesOf } from '../template/order.ts';
import type { Fields, TemplateResource } from '../template/template.ts';
import { changedProperties, replaces } from './differences.ts';
import { inOrder, type Failure } from './in-order.ts';
import { physicalName } from './names.ts';
import { evaluatorOf } from './outlook.ts';
import { deniedBy, type UpdateAction } from './stack-policy.ts';
import { isAlreadyThere, isNotThere, reasonOf } from './reasons.ts';
import type { Blueprint, Instance, Resource, Stack, StackOutput } from './records.ts';
import type { StackStore } from './store.ts';
import { vaultsOf } from './vaults.ts';

/** What every operation of every stack works with. */
export interface Workshop {
  readonly store: StackStore;
  readonly types: ResourceTypes;
  readonly road: () => Promise<Road>;
  /** The caller in whose name a role acts. */
  readonly assume: (roleArn: string) => Blueprint['caller'];
  readonly waiting: Waiting;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

type Who = Pick<Blueprint, 'caller' | 'roleArn' | 'tags'>;

/** One operation of one stack: makes, changes, undoes and deletes its resources. Every step is on storage before the next. */
export class Deployment {
  readonly #shop: Workshop;
  readonly #stack: Stack;
  readonly #who: Who;
  readonly #signal: AbortSignal;
  readonly #aws: Aws;
  /** The server stops: what is under way is left as it lies, for the next one. */
  readonly #leaves: () => boolean;

  constructor(shop: Workshop, stack: Stack, who: Who, options: { readonly signal: AbortSignal; readonly leaves: () => boolean }) {
    this.#shop = shop;
    this.#stack = stack;
    this.#who = who;
    this.#signal = options.signal;
    this.#leaves = options.leaves;
    const caller = who.roleArn === undefined ? who.caller : shop.assume(who.roleArn);
    this.#aws = awsAs({ caller, account: stack.account, region: stack.region }, shop.road);
  }

  /** Brings the stack's resources to what the blueprint says; what it no longer has stays until the clean-up. */
  async build(blueprint: Blueprint): Promise<readonly Failure[]> {
    const { template } = blueprint;
    const evaluator = this.#evaluator(blueprint);
    const graph = dependenciesOf(template);
    const names = Object.keys(template.Resources).filter((name) => evaluator.includes(template.Resources[name] ?? {}));
    for (const resource of this.#shop.store.resources(this.#stack.id)) {
      const goes = !names.includes(resource.logicalId) && resource.instance !== undefined;
      const denied = goes ? this.#denied('Update:Delete', resource) : undefined;
      if (denied !== undefined) return [await this.#fail(resource, 'UPDATE_FAILED', invalid(denied), '')];
    }
    return inOrder(
      names,
      (name) => graph.get(name) ?? [],
      (name) => this.#settle(name, template.Resources[name] as TemplateResource, [...(graph.get(name) ?? [])], evaluator),
      { stopped: () => this.#signal.aborted },
    );
  }

  /** What the stack tells when it is done. @throws ServiceFault for an export that somebody else has, or an attribute that is not there */
  outputs(blueprint: Blueprint): { readonly outputs: readonly StackOutput[]; readonly imports: readonly string[] } {
    const imports = new Set<string>();
    const evaluator = this.#evaluator(blueprint, imports);
    const { template } = blueprint;
    const included = Object.entries(template.Outputs ?? {}).filter(([, output]) => evaluator.includes(output));
    const outputs = included.map(([key, output]) => {
      const text = (value: unknown): string => {
        const found = told(key, () => evaluator.evaluate(value));
        if (typeof found === 'object')
          throw invalid(`Template format error: Output ${key} is malformed. The Value must be a string.`);
        return String(found);
      };
      return {
        key,
        value: text(output.Value),
        ...(output.Description === undefined ? {} : { description: output.Description }),
        ...(output.Export === undefined ? {} : { exportName: text(output.Export.Name) }),
      };
    });
    // What resources import counts, too.
    for (const [, resource] of Object.entries(template.Resources))
      if (evaluator.includes(resource)) evaluator.document(resource.Properties);
    return { outputs, imports: [...imports] };
  }

  /** Takes back what the operation has done, the last first. What it made is retired, to be deleted by the clean-up. */
  async undo(): Promise<readonly Failure[]> {
    const { store } = this.#shop;
    const touched = store.resources(this.#stack.id).filter(({ before }) => before !== undefined);
    const skipped = new Set(this.#stack.skipped);
    return inOrder(
      touched.map(({ logicalId }) => logicalId),
      dependentsIn(touched),
      (name) => this.#undo(name, skipped.has(name)),
      { stopped: () => this.#leaves(), keepOn: true },
    );
  }

  /**
   * Deletes what updates replaced and what the stack no longer has. What cannot be deleted is left behind, and said so.
   *
   * @param has  whether a resource is to stay
   */
  async cleanUp(has: (logicalId: string) => boolean): Promise<void> {
    const { store } = this.#shop;
    const concerned = store
      .resources(this.#stack.id)
      .filter(({ logicalId, retired, before }) => retired !== undefined || before === 'nothing' || !has(logicalId));
    await inOrder(
      concerned.map(({ logicalId }) => logicalId),
      dependentsIn(concerned),
      (name) => this.#cleanUp(name, has(name)),
      { stopped: () => this.#leaves(), keepOn: true },
    );
  }

  /** Deletes everything, or what may be deleted. */
  async demolish(options: { readonly retain: readonly string[]; readonly created?: boolean }): Promise<readonly Failure[]> {
    const { store } = this.#shop;
    const standing = store
      .resources(this.#stack.id)
      .filter(({ status }) => status !== 'DELETE_COMPLETE' && status !== 'DELETE_SKIPPED');
    return inOrder(
      standing.map(({ logicalId }) => logicalId),
      dependentsIn(standing),
      (name) => this.#demolish(name, options),
      { stopped: () => this.#leaves(), keepOn: true },
    );
  }

  #evaluator(blueprint: Blueprint, imports?: Set<string>): Evaluator {
    const { store, types } = this.#shop;
    const { id } = this.#stack;
    const find = (logicalId: string): Instance => {
      const instance = store.resource(id, logicalId)?.instance;
      if (instance === undefined)
        throw invalid(
          `Template format error: Unresolved resource dependencies [${logicalId}] in the Resources block of the template`,
        );
      return instance;
    };
    return evaluatorOf(this.#stack, blueprint, {
      reference: (logicalId) => find(logicalId).physicalId,
      attribute: (logicalId, attribute) => {
        const instance = find(logicalId);
        return types.attribute(instance.type, instance, attribute);
      },
      imported: (wanted) => {
        imports?.add(wanted);
        return exported(store, this.#stack, wanted);
      },
    });
  }

  async #settle(
    logicalId: string,
    definition: TemplateResource,
    needs: readonly string[],
    evaluator: Evaluator,
  ): Promise<Failure | undefined> {
    const { store, types } = this.#shop;
    const known = store.resource(this.#stack.id, logicalId);
    const { Type: typeName } = definition;
    const now: Draft = {
      logicalId,
      type: typeName,
      needs,
      ...policies(definition, evaluator),
      ...(known?.instance === undefined ? {} : { instance: known.instance }),
      ...(known?.before === undefined ? {} : { before: known.before }),
      ...(known?.retired === undefined ? {} : { retired: known.retired }),
      ...(known?.making === undefined ? {} : { making: known.making }),
    };
    let properties: Fields;
    const type = types.find(typeName);
    try {
      properties = evaluator.document(definition.Properties);
    } catch (error) {
      return this.#fail(now, known?.instance === undefined ? 'CREATE_FAILED' : 'UPDATE_FAILED', error, '');
    }
    const { instance } = now;
    if (instance === undefined) return this.#create(type, definition, now, properties);
    if (known?.status === 'CREATE_FAILED') {
      // What an earlier creation left behind is no good to anybody.
      const { instance: _left, ...rest } = now;
      await this.#remove({ ...known, ...now }, instance, false);
      return this.#leaves() ? { name: logicalId, reason: 'The server stops.' } : this.#create(type, definition, rest, properties);
    }
    const before = store.properties(instance);
    const changed = instance.type === typeName ? changedProperties(before, properties) : [];
    const isAnother = instance.type !== typeName || replaces(type, changed);
    const denied =
      isAnother || changed.length > 0 ? this.#denied(isAnother ? 'Update:Replace' : 'Update:Modify', now) : undefined;
    if (denied !== undefined) return this.#fail(now, 'UPDATE_FAILED', invalid(denied), '');
    if (isAnother) {
      const own = type.name?.property;
      if (
        instance.type === typeName &&
        type.exists !== undefined &&
        own !== undefined &&
        properties[own] !== undefined &&
        properties[own] === before[own]
      )
        return this.#fail(
          now,
          'UPDATE_FAILED',
          invalid(
            `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${String(properties[own])} and update the stack again.`,
          ),
          '',
        );
      return this.#create(type, definition, now, properties);
    }
    if (changed.length > 0) return this.#update(type, definition, now, instance, properties, before);
    if (known !== undefined && known.making === undefined)
      // Nothing of it changes but what the template says around it.
      await store.change((draft) =>
        draft.put('resource', this.#stack.id, logicalId, { ...now, status: known.status, atMs: known.atMs }),
      );
    return undefined;
  }

  #denied(action: UpdateAction, resource: Pick<Resource, 'logicalId' | 'type'>): string | undefined {
    const policy = this.#stack.policyDuringUpdate ?? this.#stack.policy;
    return policy === undefined ? undefined : deniedBy(policy, action, resource);
  }

  /** Makes a resource, or another in the place of one that cannot be changed. */
  async #create(type: ResourceType, definition: TemplateResource, now: Draft, properties: Fields): Promise<Failure | undefined> {
    const { store, random } = this.#shop;
    const { logicalId, instance: old } = now;
    const verb = old === undefined ? 'CREATE' : 'UPDATE';
    const resumed = now.making !== undefined;
    const making = now.making ?? {
      name: physicalName(type, properties, { name: this.#stack.name, logicalId }, random),
      token: random.uuid(),
    };
    const context = this.#making(now, making);
    const begun: Draft = { ...now, making, before: now.before ?? old ?? 'nothing' };
    try {
      const isOwnName = type.name !== undefined && properties[type.name.property] !== undefined;
      if (!resumed && isOwnName && (await there(type, making.name, context)))
        throw invalid(`Resource of type '${now.type}' with identifier '${making.name}' already exists.`);
    } catch (error) {
      return this.#fail({ ...now, before: begun.before ?? 'nothing' }, `${verb}_FAILED`, error, making.token);
    }
    await this.#put({
      ...begun,
      status: `${verb}_IN_PROGRESS`,
      ...(old === undefined
        ? {}
        : { reason: 'Requested update requires the creation of a new physical resource; hence creating one.' }),
    });
    let made: Made;
    try {
      const plain = (await lookedUp(properties, vaultsOf(this.#aws))) as Fields;
      made = await this.#made(type, plain, context, resumed);
    } catch (error) {
      if (this.#leaves()) return { name: logicalId, reason: 'The server stops.' };
      return this.#fail(this.#halfMade(type, begun, properties, error), `${verb}_FAILED`, error, making.token);
    }
    const instance = store.instance(now.type, made.id, properties, made.attributes ?? {});
    const { making: _done, ...rest } = begun;
    const done: Draft = {
      ...rest,
      instance,
      ...(old === undefined || old.physicalId === made.id ? {} : { retired: [...(now.retired ?? []), old] }),
    };
    await store.change((draft) => {
      store.tellResource(draft, this.#stack, {
        ...done,
        status: `${verb}_IN_PROGRESS`,
        reason: 'Resource creation Initiated',
      });
      store.putResource(draft, this.#stack, {
        ...done,
        ...note(definition, type, properties),
        status: `${verb}_COMPLETE`,
        atMs: this.#now(),
      });
    });
    return undefined;
  }

  /** What a restart interrupted may have been made: it is made anew, since nobody knows how far it came. */
  async #made(type: ResourceType, properties: Fields, context: Making, resumed: boolean): Promise<Made> {
    try {
      return await type.create(properties, context);
    } catch (error) {
      if (!resumed || !isAlreadyThere(error)) throw error;
      await gone(type.delete(context.name, properties, context));
      return type.create(properties, context);
    }
  }

  /** A creation that failed may have left something behind, under the name that it was given. */
  #halfMade(type: ResourceType, { making, ...begun }: Draft, properties: Fields, error: unknown): Draft {
    if (type.name === undefined || making === undefined || isAlreadyThere(error)) return begun;
    const left = this.#shop.store.instance(begun.type, making.name, properties, {});
    return begun.instance === undefined ? { ...begun, instance: left } : { ...begun, retired: [...(begun.retired ?? []), left] };
  }

  async #update(
    type: ResourceType,
    definition: TemplateResource,
    now: Draft,
    old: Instance,
    properties: Fields,
    before: Fields,
  ): Promise<Failure | undefined> {
    const { store, random } = this.#shop;
    const making = now.making ?? { name: old.physicalId, token: random.uuid() };
    const begun: Draft = { ...now, making, before: now.before ?? old };
    await this.#put({ ...begun, status: 'UPDATE_IN_PROGRESS' });
    const { making: _done, ...rest } = begun;
    let made: Made | undefined;
    try {
      const vaults = vaultsOf(this.#aws);
      const [plain, plainBefore] = (await Promise.all([
        lookedUp(properties, vaults),
        quietly(lookedUp(before, vaults), before),
      ])) as [Fields, Fields];
      made = await type.update?.(old.physicalId, plain, plainBefore, this.#making(now, making));
    } catch (error) {
      if (this.#leaves()) return { name: now.logicalId, reason: 'The server stops.' };
      // Nobody knows how far it came: taking it back begins at what was wanted.
      const wanted = store.instance(now.type, old.physicalId, properties, old.attributes);
      return this.#fail({ ...rest, instance: wanted }, 'UPDATE_FAILED', error, making.token);
    }
    const instance = store.instance(now.type, made?.id ?? old.physicalId, properties, { ...old.attributes, ...made?.attributes });
    const replaced = made !== undefined && made.id !== old.physicalId;
    await this.#put({
      ...rest,
      instance,
      ...(replaced ? { retired: [...(now.retired ?? []), old] } : {}),
      ...note(definition, type, properties),
      status: 'UPDATE_COMPLETE',
    });
    return undefined;
  }

  async #undo(logicalId: string, skip: boolean): Promise<Failure | undefined> {
    const { store, types } = this.#shop;
    const resource = store.resource(this.#stack.id, logicalId);
    if (resource?.before === undefined) return undefined;
    const { before, instance, making: _making, reason: _reason, ...rest } = resource;
    const retired = [...(resource.retired ?? [])];
    if (before === 'nothing') return undefined;
    if (instance !== undefined && instance.physicalId !== before.physicalId) retired.push(instance);
    const kept = retired.filter(({ physicalId }) => physicalId !== before.physicalId);
    const { retired: _retired, ...bare } = rest;
    const undone: Draft = { ...bare, type: before.type, instance: before, ...(kept.length === 0 ? {} : { retired: kept }) };
    const [now, then] = [instance === undefined ? {} : store.properties(instance), store.properties(before)];
    if (instance?.physicalId !== before.physicalId || changedProperties(now, then).length === 0 || skip) {
      await this.#put({ ...undone, status: 'UPDATE_COMPLETE' });
      return undefined;
    }
    const token = this.#shop.random.uuid();
    await this.#put({ ...resource, status: 'UPDATE_IN_PROGRESS' });
    let attributes: Fields;
    try {
      const vaults = vaultsOf(this.#aws);
      const [plainNow, plainThen] = (await Promise.all([quietly(lookedUp(now, vaults), now), lookedUp(then, vaults)])) as [
        Fields,
        Fields,
      ];
      const context = this.#making(resource, { name: before.physicalId, token });
      const made = await types.find(before.type).update?.(before.physicalId, plainThen, plainNow, context);
      attributes = { ...before.attributes, ...made?.attributes };
    } catch (error) {
      if (this.#leaves()) return { name: logicalId, reason: 'The server stops.' };
      return this.#fail({ ...rest, before, instance }, 'UPDATE_FAILED', error, token);
    }
    await this.#put({ ...undone, instance: { ...before, attributes }, status: 'UPDATE_COMPLETE' });
    return undefined;
  }

  async #cleanUp(logicalId: string, stays: boolean): Promise<Failure | undefined> {
    const { store } = this.#shop;
    let resource = store.resource(this.#stack.id, logicalId);
    if (resource === undefined) return undefined;
    for (const instance of resource.retired ?? []) {
      const keeps = resource.replacePolicy === 'Retain';
      await this.#remove(resource, instance, keeps);
      if (this.#leaves()) return undefined;
    }
    resource = store.resource(this.#stack.id, logicalId) ?? resource;
    if (stays && resource.before !== 'nothing') {
      const { retired: _retired, ...rest } = resource;
      await store.change((draft) => draft.put('resource', this.#stack.id, logicalId, rest));
      return undefined;
    }
    if (resource.instance !== undefined) {
      const keeps =
        resource.deletionPolicy === 'Retain' ||
        (resource.deletionPolicy === 'RetainExceptOnCreate' && resource.before !== 'nothing');
      await this.#remove(resource, resource.instance, keeps);
      if (this.#leaves()) return undefined;
    }
    await store.change((draft) => draft.delete('resource', this.#stack.id, logicalId));
    return undefined;
  }

  /** Deletes one instance and tells of it; the resource's own record stays as it is. */
  async #remove(resource: Resource, instance: Instance, keeps: boolean): Promise<void> {
    const { store, types, random } = this.#shop;
    const tell = (status: Resource['status'], reason?: string): Promise<void> =>
      store.change((draft) =>
        store.tellResource(draft, this.#stack, {
          logicalId: resource.logicalId,
          type: instance.type,
          status,
          instance,
          ...(reason === undefined ? {} : { reason }),
        }),
      );
    if (keeps) return tell('DELETE_SKIPPED');
    await tell('DELETE_IN_PROGRESS');
    const token = random.uuid();
    try {
      const context = this.#making({ ...resource, type: instance.type }, { name: instance.physicalId, token });
      await gone(types.find(instance.type).delete(instance.physicalId, store.properties(instance), context));
    } catch (error) {
      if (!this.#leaves()) await tell('DELETE_FAILED', reasonOf(error, token));
      return;
    }
    await tell('DELETE_COMPLETE');
  }

  async #demolish(
    logicalId: string,
    { retain, created }: { readonly retain: readonly string[]; readonly created?: boolean },
  ): Promise<Failure | undefined> {
    const { store, types, random } = this.#shop;
    const resource = store.resource(this.#stack.id, logicalId);
    if (resource === undefined) return undefined;
    const { instance, making, before: _before, reason: _reason, ...rest } = resource;
    for (const old of resource.retired ?? []) await this.#remove(resource, old, false);
    const { retired: _retired, ...bare } = rest;
    const keeps =
      retain.includes(logicalId) ||
      bare.deletionPolicy === 'Retain' ||
      (bare.deletionPolicy === 'RetainExceptOnCreate' && created !== true);
    if (instance !== undefined && keeps) {
      await this.#put({ ...bare, instance, status: 'DELETE_SKIPPED' });
      return undefined;
    }
    const type = types.find(instance?.type ?? bare.type);
    // A creation that a restart interrupted may have left something under the name that was written down.
    const id = instance?.physicalId ?? (type.name === undefined ? undefined : making?.name);
    if (id === undefined) {
      await this.#put({ ...bare, status: 'DELETE_COMPLETE' });
      return undefined;
    }
    const standing: Draft = {
      ...bare,
      ...(instance === undefined ? {} : { instance }),
      ...(making === undefined ? {} : { making }),
    };
    await this.#put({ ...standing, status: 'DELETE_IN_PROGRESS' });
    const token = random.uuid();
    try {
      const properties = instance === undefined ? {} : store.properties(instance);
      await gone(type.delete(id, properties, this.#making(resource, { name: id, token })));
    } catch (error) {
      if (this.#leaves()) return { name: logicalId, reason: 'The server stops.' };
      return this.#fail(standing, 'DELETE_FAILED', error, token);
    }
    await this.#put({ ...bare, ...(instance === undefined ? {} : { instance }), status: 'DELETE_COMPLETE' });
    return undefined;
  }

  async #fail(resource: Draft, status: Resource['status'], error: unknown, token: string): Promise<Failure> {
    if (!(error instanceof ServiceFault) && !this.#signal.aborted && !(error instanceof Refused))
      this.#shop.log.error('A resource of a stack failed for a reason of ours.', {
        stack: this.#stack.id,
        resource: resource.logicalId,
        error,
      });
    const cancelled = this.#signal.aborted && !(error instanceof ServiceFault);
    const reason = cancelled
      ? 'Resource creation cancelled'
      : error instanceof StackFault
        ? error.message
        : reasonOf(error, token);
    await this.#put({ ...resource, status, reason: reason.slice(0, 4_000) });
    return { name: resource.logicalId, reason };
  }

  #put(resource: Omit<Resource, 'atMs'>): Promise<void> {
    const { store } = this.#shop;
    return store.change((draft) => store.putResource(draft, this.#stack, { ...resource, atMs: this.#now() }));
  }

  #now(): number {
    return this.#shop.clock.now();
  }

  #making(resource: Pick<Resource, 'logicalId' | 'type'>, making: { readonly name: string; readonly token: string }): Making {
    const { clock, waiting } = this.#shop;
    const { account, region, id, name } = this.#stack;
    const signal = this.#signal;
    return {
      aws: this.#aws,
      ...making,
      account,
      region,
      stackId: id,
      stackName: name,
      logicalId: resource.logicalId,
      type: resource.type,
      tags: this.#who.tags,
      clock,
      signal,
      waiting,
      async until(look, withinMs = 300_000) {
        const endMs = clock.monotonic() + withinMs;
        for (let pauseMs = 10; ; pauseMs = Math.min(500, pauseMs * 1.5)) {
          const found = await look();
          if (found !== undefined) return found;
          if (clock.monotonic() > endMs) throw new Refused(`${resource.type} ${making.name} did not stabilize.`);
          await clock.sleep(pauseMs, { signal });
        }
      },
    };
  }
}

/** A wrong attribute is told with its place. */
function told(output: string, work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof StackFault && error.message.startsWith('Resource type '))
      throw invalid(`[Error] /Outputs/${output}/Value/Fn::GetAtt: ${error.message}`);
    throw error;
  }
}

/** A resource before its status is known. */
type Draft = Omit<Resource, 'status' | 'reason' | 'atMs'>;

/** Why something outside did not do its part. */
export class Refused extends Error {}

/** What is not there any more is gone. */
async function gone(deleting: Promise<unknown>): Promise<void> {
  try {
    await deleting;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

async function there(type: ResourceType, name: string, making: Making): Promise<boolean> {
  if (type.exists === undefined) return false;
  try {
    return Boolean(await type.exists(name, making));
  } catch (error) {
    // Who may not look makes it, and is told what is wrong.
    if (error instanceof ServiceFault) return false;
    throw error;
  }
}

const quietly = async (looking: Promise<unknown>, otherwise: unknown): Promise<unknown> => {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof ServiceFault) return otherwise;
    throw error;
  }
};

/** What nothing here applies is told, not hidden. */
function note(
  { CreationPolicy, UpdatePolicy }: TemplateResource,
  type: ResourceType,
  properties: Fields,
): { readonly reason?: string } {
  const unapplied = Object.keys(properties).filter((name) => type.properties[name] === 'unapplied');
  if (CreationPolicy !== undefined) unapplied.push('CreationPolicy');
  if (UpdatePolicy !== undefined) unapplied.push('UpdatePolicy');
  return unapplied.length === 0 ? {} : { reason: `Mayfly does not apply: ${unapplied.join(', ')}` };
}

/** Who has to go first: those that need it. */
function dependentsIn(resources: readonly Resource[]): (name: string) => Iterable<string> {
  const dependents = new Map<string, string[]>();
  for (const { logicalId, needs } of resources)
    for (const need of needs) dependents.set(need, [...(dependents.get(need) ?? []), logicalId]);
  return (name) => dependents.get(name) ?? [];
}

function policies(
  { DeletionPolicy: deletion, UpdateReplacePolicy: replace }: TemplateResource,
  evaluator: Evaluator,
): { readonly deletionPolicy?: string; readonly replacePolicy?: string } {
  return {
    ...(deletion === undefined ? {} : { deletionPolicy: String(evaluator.evaluate(deletion)) }),
    ...(replace === undefined ? {} : { replacePolicy: String(evaluator.evaluate(replace)) }),
  };
}

/** @throws ValidationError */
function exported(store: StackStore, { account, region, id }: Stack, wanted: string): string {
  for (const stack of store.records.list('stack', `${account}/${region}`)) {
    if (stack.id === id || stack.deletedAtMs !== undefined) continue;
    const found = stack.outputs.find(({ exportName }) => exportName === wanted);
    if (found !== undefined) return found.value;
  }
  throw invalid(`No export named ${wanted} found.`);
}
