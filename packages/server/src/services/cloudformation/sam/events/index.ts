import type { Draft } from '../draft.ts';
import { faulty, readEvent, type Consumer, type EventType, type Needs } from './event.ts';
import { alexaSkill } from './alexa-skill.ts';
import { api } from './api.ts';
import { cloudWatchLogs } from './cloudwatch-logs.ts';
import { cognito } from './cognito.ts';
import { eventBridgeRule, schedule, scheduleOfMachine } from './event-bridge.ts';
import { httpApi } from './http-api.ts';
import { iotRule } from './iot-rule.ts';
import { documentDb, dynamoDb, kinesis, mq, msk, selfManagedKafka, sqs } from './mapping.ts';
import { s3 } from './s3.ts';
import { scheduleV2 } from './schedule-v2.ts';
import { sns } from './sns.ts';
import { textOf, asMap, type Fields } from '../values.ts';

const ofFunctions: Readonly<Record<string, EventType>> = {
  AlexaSkill: alexaSkill,
  Api: api,
  CloudWatchEvent: eventBridgeRule,
  CloudWatchLogs: cloudWatchLogs,
  Cognito: cognito,
  DocumentDB: documentDb,
  DynamoDB: dynamoDb,
  EventBridgeRule: eventBridgeRule,
  HttpApi: httpApi,
  IoTRule: iotRule,
  Kinesis: kinesis,
  MQ: mq,
  MSK: msk,
  S3: s3,
  SNS: sns,
  SQS: sqs,
  Schedule: schedule,
  ScheduleV2: scheduleV2,
  SelfManagedKafka: selfManagedKafka,
};
const ofStateMachines: Readonly<Record<string, EventType>> = {
  CloudWatchEvent: eventBridgeRule,
  EventBridgeRule: eventBridgeRule,
  Schedule: scheduleOfMachine,
  ScheduleV2: scheduleV2,
};

interface Options {
  readonly consumer: Consumer;
  readonly permissionsBoundary?: unknown;
  readonly tags: readonly Fields[] | undefined;
  readonly inherited: Fields;
  readonly draft: Draft;
}

/** All that calls a function or starts a state machine. */
export function addEvents(events: unknown, options: Options): Needs {
  const { logicalId, kind } = options.consumer;
  const types = kind === 'function' ? ofFunctions : ofStateMachines;
  const managed: string[] = [];
  const inline: Fields[] = [];
  const siblings = asMap(events);
  for (const [name, written] of Object.entries(siblings)) {
    const given = asMap(written);
    const type = textOf(given['Type']);
    const properties = given['Properties'] as Fields;
    const event = { ...options, siblings, logicalId: `${logicalId}${name}`, name, type, properties };
    const known = Object.hasOwn(types, type) ? types[type] : undefined;
    if (known === undefined)
      throw faulty(event, `Resource dict has missing or invalid value for key Type. Event Type is: ${type}.`);
    const needs = known.add(readEvent(known.shape, event));
    managed.push(...(needs?.managed ?? []));
    inline.push(...(needs?.inline ?? []));
  }
  return { managed, inline };
}
