import { invalid } from '../faults.ts';
import type { Instance } from '../engine/records.ts';
import { apiGateway } from './apigateway/index.ts';
import { apiGatewayV2 } from './apigatewayv2.ts';
import { cloudformation } from './cloudformation.ts';
import { cloudwatch } from './cloudwatch.ts';
import { custom, isCustom } from './custom.ts';
import { dynamodb } from './dynamodb.ts';
import { ecr } from './ecr.ts';
import { events } from './events.ts';
import { iam } from './iam.ts';
import { ignored } from './ignored.ts';
import { kinesis } from './kinesis.ts';
import { lambda } from './lambda/index.ts';
import { logs } from './logs.ts';
import { parameters } from './parameters.ts';
import { s3 } from './s3.ts';
import { scheduler } from './scheduler.ts';
import { sns } from './sns.ts';
import { sqs } from './sqs.ts';
import type { Properties, ResourceType } from './type.ts';

const table: Readonly<Record<string, ResourceType>> = {
  ...apiGateway,
  ...apiGatewayV2,
  ...cloudformation,
  ...cloudwatch,
  ...dynamodb,
  ...ecr,
  ...events,
  ...iam,
  ...kinesis,
  ...lambda,
  ...logs,
  ...parameters,
  ...s3,
  ...scheduler,
  ...sns,
  ...sqs,
};

/** Types of resources that this server can make. */
export class ResourceTypes {
  readonly #ignoreUnknown: boolean;

  /** @param options.ignoreUnknown  others are passed over, and said so */
  constructor(options: { readonly ignoreUnknown: boolean }) {
    this.#ignoreUnknown = options.ignoreUnknown;
  }

  knows(type: string): boolean {
    return this.#ignoreUnknown || isCustom(type) || Object.hasOwn(table, type);
  }

  find(type: string): ResourceType {
    if (isCustom(type)) return custom;
    const found = Object.hasOwn(table, type) ? table[type] : undefined;
    if (found !== undefined) return found;
    if (this.#ignoreUnknown) return ignored;
    throw invalid(`Template format error: Unrecognized resource types: [${type}]`);
  }

  /** @throws ValidationError when the type has no such attribute */
  attribute(type: string, { attributes, physicalId }: Instance, name: string): unknown {
    const { attributes: names } = this.find(type);
    if (Object.hasOwn(attributes, name)) return attributes[name];
    if (this.find(type) === ignored) return `${physicalId}.${name}`;
    if (names === 'any') throw invalid(`Vendor response doesn't contain ${name} attribute in object ${physicalId}`);
    if (names?.includes(name) === true) return '';
    throw invalid(`Resource type ${type} does not support attribute {${name}}`);
  }

  /** What is wrong with a resource's properties, before anything is made. @throws ValidationError */
  check(logicalId: string, type: string, properties: Properties): void {
    const { properties: known, required = [] } = this.find(type);
    const refuse = (text: string): never => {
      throw invalid(`Properties validation failed for resource ${logicalId} with message:\n${text}`);
    };
    if (this.find(type) === ignored || isCustom(type)) return;
    const strange = Object.keys(properties).filter((name) => !Object.hasOwn(known, name));
    if (strange.length > 0) refuse(strange.map((name) => `#: extraneous key [${name}] is not permitted`).join('\n'));
    const missing = required.filter((name) => properties[name] === undefined);
    if (missing.length > 0) refuse(missing.map((name) => `#: required key [${name}] not found`).join('\n'));
  }
}
