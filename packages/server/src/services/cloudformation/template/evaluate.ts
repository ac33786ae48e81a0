import { templateError } from '../faults.ts';
import { cidrBlocks } from './cidr.ts';
import { attributePath, subVariables } from './references.ts';
import { bounds, functionOf, isMap, type Template } from './template.ts';

/** What a template's functions are worked out from. */
export interface Scope {
  readonly template: Template;
  /** Of parameters and pseudo parameters: texts, and lists of texts. */
  readonly values: Readonly<Record<string, unknown>>;
  /** `Ref` of a resource. */
  reference(logicalId: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  /** @throws ValidationError when nobody exports it */
  imported(name: string): unknown;
  readonly zones: (region: string) => readonly string[];
}

/** What `AWS::NoValue` stands for: whatever holds it does without. */
export const noValue = Symbol('AWS::NoValue');

/**
 * What stands for a value that only the making of its resource will tell. Whatever is worked out from it is not known
 * either.
 */
export const unknownValue = '{{changeSet:KNOWN_AFTER_APPLY}}';
const isUnknown = (value: unknown): boolean =>
  typeof value === 'string' ? value.includes(unknownValue) : Array.isArray(value) && value.some(isUnknown);

/** A value with every function worked out; `noValue` when it comes to nothing. */
export class Evaluator {
  readonly #scope: Scope;
  readonly #conditions = new Map<string, boolean | 'asked'>();
  /** Characters made so far: a few functions in each other can come to more than any memory holds. */
  #made = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** A whole document: nothing of it is `noValue`. */
  document(value: unknown): Readonly<Record<string, unknown>> {
    const found = this.evaluate(value ?? {});
    return isMap(found) ? found : {};
  }

  evaluate(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.evaluate(item)).filter((item) => item !== noValue);
    if (!isMap(value)) return value;
    const call = functionOf(value);
    if (call !== undefined && !(call.name === 'Condition' && !this.#isCondition(call.argument)))
      return this.#apply(call.name, call.argument);
    const pairs = Object.entries(value)
      .map(([name, item]) => [name, this.evaluate(item)] as const)
      .filter(([, item]) => item !== noValue);
    return Object.fromEntries(pairs);
  }

  /** Whether a condition of the template holds. */
  condition(name: string): boolean {
    const known = this.#conditions.get(name);
    if (known === 'asked') throw templateError(`Circular dependency in conditions: [${name}]`);
    if (known !== undefined) return known;
    const { Conditions: conditions = {} } = this.#scope.template;
    if (!Object.hasOwn(conditions, name)) throw templateError(`unresolved condition dependency ${name} in Fn::If`);
    this.#conditions.set(name, 'asked');
    const holds = this.#holds(conditions[name]);
    this.#conditions.set(name, holds);
    return holds;
  }

  /** Whether a part of a template that may have a condition is there. */
  includes({ Condition: name }: { readonly Condition?: string }): boolean {
    return name === undefined || this.condition(name);
  }

  /** Policies have conditions, too, and those are no names. */
  #isCondition(argument: unknown): boolean {
    return typeof argument === 'string' && Object.hasOwn(this.#scope.template.Conditions ?? {}, argument);
  }

  #holds(value: unknown): boolean {
    const result = this.evaluate(value);
    return result === true || result === 'true';
  }

  #apply(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(argument);
      case 'Condition':
        return this.condition(String(argument));
      case 'Fn::GetAtt':
        return this.#getAtt(argument);
      case 'Fn::Sub':
        return this.#sub(argument);
      case 'Fn::Join':
        return this.#join(argument);
      case 'Fn::Select':
        return this.#select(argument);
      case 'Fn::Split':
        return this.#split(argument);
      case 'Fn::If':
        return this.#if(argument);
      case 'Fn::And':
        return this.#list(name, argument, 2).every((item) => this.#holds(item));
      case 'Fn::Or':
        return this.#list(name, argument, 2).some((item) => this.#holds(item));
      case 'Fn::Not':
        return !this.#holds(this.#list(name, argument, 1)[0]);
      case 'Fn::Equals': {
        const [a, b] = this.#list(name, argument, 2).map((item) => this.evaluate(item));
        return same(a, b);
      }
      case 'Fn::FindInMap':
        return this.#findInMap(argument);
      case 'Fn::Base64':
        return known(this.#text(argument, name), (text) => this.#bounded(Buffer.from(text).toString('base64')));
      case 'Fn::ImportValue':
        return known(this.#text(argument, name), (exportName) => this.#scope.imported(exportName));
      case 'Fn::GetAZs':
        return this.#scope.zones(this.#text(argument, name) || String(this.#scope.values['AWS::Region']));
      case 'Fn::Cidr': {
        const [block, count, bits = 8] = this.#list(name, argument, 2).map((item) => this.evaluate(item));
        if ([block, count, bits].some(isUnknown)) return unknownValue;
        return cidrBlocks(String(block), Number(count), Number(bits));
      }
      case 'Fn::Length': {
        const list = this.evaluate(argument);
        if (isUnknown(list)) return unknownValue;
        if (!Array.isArray(list)) throw templateError('Fn::Length requires a list argument');
        return list.length;
      }
      case 'Fn::ToJsonString':
        return this.#bounded(JSON.stringify(this.evaluate(argument)));
      default:
        throw templateError(`Mayfly does not have ${name} yet.`);
    }
  }

  #ref(argument: unknown): unknown {
    const name = String(argument);
    if (name === 'AWS::NoValue') return noValue;
    const { values } = this.#scope;
    return Object.hasOwn(values, name) ? values[name] : this.#scope.reference(name);
  }

  #getAtt(argument: unknown): unknown {
    const [resource, attribute] = attributePath(argument);
    const name = attribute ?? this.#text((argument as readonly unknown[])[1], 'Fn::GetAtt');
    if (resource === undefined || name === '')
      throw templateError(
        'every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute',
      );
    return this.#scope.attribute(resource, name);
  }

  #sub(argument: unknown): unknown {
    const [text, variables] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
    if (typeof text !== 'string' || (variables !== undefined && !isMap(variables)))
      throw templateError(
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
      );
    return this.#bounded(
      text.replaceAll(subVariables, (whole, literal: string, inside: string) => {
        if (literal === '!') return `\${${inside}}`;
        const name = inside.trim();
        if (isMap(variables) && Object.hasOwn(variables, name)) return this.#bounded(this.#text(variables[name], 'Fn::Sub'));
        if (name === '') return whole;
        return this.#bounded(this.#text(name.includes('.') ? { 'Fn::GetAtt': name } : { Ref: name }, 'Fn::Sub'));
      }),
    );
  }

  #join(argument: unknown): unknown {
    const [separator, list] = this.#list('Fn::Join', argument, 2);
    const items = this.evaluate(list);
    if (items === unknownValue) return unknownValue;
    if (typeof separator !== 'string' || !Array.isArray(items))
      throw templateError(
        'every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.',
      );
    const texts = items.map((item) => this.#bounded(plainText(item, 'Fn::Join')));
    this.#spend(separator.length * texts.length);
    return texts.join(separator);
  }

  #select(argument: unknown): unknown {
    const parts = Array.isArray(argument) ? (argument as unknown[]) : [];
    const index = Number(this.evaluate(parts[0]));
    const list = this.evaluate(parts[1]);
    if (list === unknownValue) return unknownValue;
    if (parts.length !== 2 || !Number.isInteger(index) || !Array.isArray(list) || index < 0 || index >= list.length)
      throw templateError('Fn::Select requires a list argument with two elements: an integer index and a list');
    return list[index];
  }

  #split(argument: unknown): unknown {
    const [separator, source] = Array.isArray(argument) ? (argument as unknown[]) : [];
    const text = this.evaluate(source);
    if (isUnknown(text)) return unknownValue;
    if (typeof separator !== 'string' || separator === '' || typeof text !== 'string')
      throw templateError(
        'every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.',
      );
    return text.split(separator);
  }

  #if(argument: unknown): unknown {
    const [name, yes, no] = this.#list('Fn::If', argument, 3);
    return this.evaluate(this.condition(String(name)) ? yes : no);
  }

  #findInMap(argument: unknown): unknown {
    const [map, key, attribute, otherwise] = this.#list('Fn::FindInMap', argument, 3);
    const names = [map, key, attribute].map((item) => this.#text(item, 'Fn::FindInMap'));
    if (names.some(isUnknown)) return unknownValue;
    const [first = '', second = '', third = ''] = names;
    const found = own(own(own(this.#scope.template.Mappings, first), second), third);
    if (found !== undefined) return found;
    if (isMap(otherwise) && 'DefaultValue' in otherwise) return this.evaluate(otherwise['DefaultValue']);
    throw templateError(`Unable to get mapping for ${names.join('::')}`);
  }

  #list(name: string, argument: unknown, least: number): readonly unknown[] {
    if (!Array.isArray(argument) || argument.length < least)
      throw templateError(`every ${name} object requires a list of ${least} or more values.`);
    return argument;
  }

  #bounded(text: string): string {
    this.#spend(text.length);
    return text;
  }

  /** @throws ValidationError when the template comes to too much */
  #spend(length: number): void {
    this.#made += length;
    if (this.#made > bounds.made) throw templateError(`its functions come to more than ${bounds.made} characters.`);
  }

  #text(value: unknown, name: string): string {
    return plainText(this.evaluate(value), name);
  }
}

const known = (text: string, work: (text: string) => unknown): unknown => (isUnknown(text) ? unknownValue : work(text));

const own = (map: unknown, name: string): unknown => (isMap(map) && Object.hasOwn(map, name) ? map[name] : undefined);

function plainText(value: unknown, name: string): string {
  if (value === noValue) return '';
  if (Array.isArray(value) && name === 'Fn::Sub') return value.map(String).join(',');
  if (typeof value === 'object' && value !== null)
    throw templateError(`every value that ${name} is given has to be a string, and one is not.`);
  return String(value);
}

const same = (a: unknown, b: unknown): boolean =>
  typeof a === 'object' || typeof b === 'object' ? JSON.stringify(a) === JSON.stringify(b) : String(a) === String(b);
