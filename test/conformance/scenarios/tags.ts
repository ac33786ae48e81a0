import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { create, created, fixture } from '../kit/functions.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';
const numbered = (count: number, from = 0): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${from + index}_key`, `${from + index}_value`]));

const atCreation: Scenario = async (stage) => {
  await fixture(stage, FunctionName, { Tags: { testtag: 'some-tag' } });
  await stage.check('get_function_result', stage.api.getFunction({ FunctionName }));
  await stage.check('list_tags_result', stage.api.listTags({ Resource: stage.arn('function:fn') }));
};

const refusals: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const Tags = { key: 'value' };
  const Resource = stage.arn('function:fn');
  await stage.check('tag_lambda_invalidarn', api.tagResource({ Resource: 'arn:aws:something', Tags }));
  await stage.check('tag_lambda_doesnotexist', api.tagResource({ Resource: stage.arn('function:doesnotexist'), Tags }));
  await stage.check('tag_lambda_qualifier_doesnotexist', api.tagResource({ Resource: `${Resource}:1`, Tags }));
  await stage.check('list_tag_lambda_empty', api.listTags({ Resource }));
  await stage.check('untag_nomatch', api.untagResource({ Resource, TagKeys: ['somekey'] }));
  await stage.check('untag_empty_keys', api.untagResource({ Resource, TagKeys: [] }));
  await stage.check('tag_empty_tags', api.tagResource({ Resource, Tags: {} }));
};

const limits: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const Resource = stage.arn('function:fn');
  await stage.check('tag_lambda_too_many_tags', api.tagResource({ Resource, Tags: numbered(51) }));
  await stage.check('tag_response', api.tagResource({ Resource, Tags: numbered(50) }));
  await stage.check('list_tags_response', api.listTags({ Resource }));
  await stage.check('get_fn_response', api.getFunction({ FunctionName }));
  await stage.check('tag_lambda_too_many_tags_additional', api.tagResource({ Resource, Tags: numbered(1, 50) }));
  stage.match('create_function_invalid_tags', await create(stage, 'other', { Tags: numbered(51) }));
};

const versions: Scenario = async (stage) => {
  await created(stage, FunctionName, { Publish: true });
  const Tags = { key: 'value' };
  await stage.check('tag_resource_exception', stage.api.tagResource({ Resource: stage.arn('function:fn:1'), Tags }));
  await stage.check('tag_resource_latest_exception', stage.api.tagResource({ Resource: stage.arn('function:fn:$LATEST'), Tags }));
};

const mappings: Scenario = async (stage) => {
  const { api } = stage;
  const Resource = stage.arn('event-source-mapping:01234567-0123-0123-0123-0123456789ab');
  const Tags = { key: 'value' };
  await stage.check('not_found_exception_tag', api.tagResource({ Resource, Tags }));
  await stage.check('not_found_exception_untag', api.untagResource({ Resource, TagKeys: ['key'] }));
  await stage.check('not_found_exception_list', api.listTags({ Resource }));
  await stage.check('aliased_arn_exception', api.tagResource({ Resource: `${Resource}:alias`, Tags }));
  await stage.check(
    'invalid_arn_exception',
    api.tagResource({ Resource: stage.arn('foobar:01234567-0123-0123-0123-0123456789ab'), Tags }),
  );
};

const mappingCreation: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  await stage.neighbour(new SQSClient(stage.settings)).send(new CreateQueueCommand({ QueueName: 'queue' }));
  const EventSourceArn = `arn:aws:sqs:${stage.region}:${stage.account}:queue`;
  const { UUID } = await api.createEventSourceMapping({ FunctionName, EventSourceArn, Tags: { testtag: 'some-tag' } });
  const read = await stage.answer(api.getEventSourceMapping({ UUID }));
  stage.match('get_event_source_mapping_with_tag', read['Tags'] === undefined);
  await stage.check('list_tags_result', api.listTags({ Resource: stage.arn(`event-source-mapping:${UUID}`) }));
};

export const tagScenarios: Scenarios = {
  'TestLambdaTag.test_create_tag_on_fn_create': atCreation,
  'TestLambdaTag.test_create_tag_on_esm_create': mappingCreation,
  'TestLambdaTag.test_tag_exceptions[event_source_mapping]': mappings,
  'TestLambdaTags.test_tag_exceptions': refusals,
  'TestLambdaTags.test_tag_limits': limits,
  'TestLambdaTags.test_tag_versions': versions,
};
