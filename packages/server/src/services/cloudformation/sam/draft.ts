import type { Route } from './api/route.ts';
import { hashedId } from './logical-id.ts';
import { resolved } from './parameters.ts';
import { given, isMap, type Fields } from './values.ts';

/** What a translation may know besides the template. */
export interface SamContext {
  readonly parameters: Fields;
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** The ARN of a managed policy by its name, for example of `AWSLambdaBasicExecutionRole`. */
  readonly managedPolicy: (name: string) => string | undefined;
}

/** A resource of the template, before it is translated. */
export interface SamResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: unknown;
  /** What every resource that is made of this one shares with it: its condition and what becomes of it when it is deleted. */
  readonly inherited: Fields;
  /** The attributes that stay with the resource itself. */
  readonly own: Fields;
}

/** The template while it is translated: the resources that others may still change, and those that came out. */
export class Draft {
  readonly context: SamContext;
  /** As they were written; a translation may change those of others, as an S3 event does with its bucket. */
  readonly written: Record<string, unknown>;
  readonly made: Record<string, Fields> = {};
  readonly conditions: Record<string, unknown>;
  /** `F.Version`, `F.Alias` and layers, by what they are called now. */
  readonly renamed = new Map<string, string>();

  /** Routes of APIs by the APIs' logical ids: their functions write them down. */
  readonly routes = new Map<string, readonly Route[]>();

  /** APIs whose callers share one usage plan. */
  shared: readonly { readonly logicalId: string; readonly stageId: string; readonly condition: unknown }[] = [];

  constructor(written: Record<string, unknown>, conditions: Record<string, unknown>, context: SamContext) {
    this.written = written;
    this.conditions = conditions;
    this.context = context;
  }

  add(logicalId: string, type: string, properties: Fields, attributes: Fields = {}): void {
    this.made[logicalId] = { Type: type, ...given(attributes), Properties: given(properties) };
  }

  /** The value where SAM must know it: references to parameters stand for what was given. */
  known(value: unknown): unknown {
    return resolved(value, this.context.parameters);
  }

  /** A resource of the template by its logical id. */
  find(logicalId: string): Record<string, unknown> | undefined {
    const found = this.written[logicalId];
    return isMap(found) ? found : undefined;
  }

  /** The name of a condition that is true when the other is not. */
  not(condition: string, name = `NOT${condition}`): string {
    this.conditions[name] = { 'Fn::Not': [{ Condition: condition }] };
    return name;
  }

  /** The name of a condition that is true when all of these are, for a resource. */
  and(conditions: readonly string[], logicalId: string): string {
    const name = hashedId(conditions.join('AND'), logicalId);
    this.conditions[name] = { 'Fn::And': conditions.map((condition) => ({ Condition: condition })) };
    return name;
  }

  /**
   * The condition under which any of these is true, none meaning always.
   *
   * @param name  what it is called where it must be made
   */
  any(conditions: readonly (string | undefined)[], name: string): string | undefined {
    const distinct = [...new Set(conditions)];
    if (distinct.length < 2 || distinct.includes(undefined)) return distinct.includes(undefined) ? undefined : distinct[0];
    this.conditions[name] = { 'Fn::Or': distinct.map((condition) => ({ Condition: condition })) };
    return name;
  }
}
