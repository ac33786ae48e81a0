import type { Reasons } from '../../kit/table.ts';

/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: Reasons = [
  [/test_s3_default_bucket_encryption$/, 'without a configuration of its own a bucket says what it does: AES256'],
  [/test_s3_bucket_encryption_sse_kms|_kms|in_place_with_encryption/, 'there is no KMS here'],
  [
    /TestS3PresignedUrl\..*(signature|sig|different_headers)/,
    'the server of this test checks no signatures; those that do have tests of their own',
  ],
  [/TestS3\.test_object_expiry/, 'recorded when objects had no sums that nobody asked for; its twin of 2026 is played'],
  [/test_post_request_malformed_policy/, 'the server of this test checks no signatures; those that do have tests of their own'],
  [/test_service_role_lifecycle\[sso/, 'the recorded role was made by the service itself, with a description of its own'],
  [/test_public_access_block_exc|test_stream_destination_records|subscribe_to_shard_cbor/, 'nothing was recorded of it'],
  [
    /tests_schedule_rate_target_sqs|test_schedule_cron_target_sqs/,
    'it waits for the minutes of a schedule, which no scenario has',
  ],
  [/test_list_phone_numbers_opted_out/, 'there is no telephone here, so nobody has answered STOP'],
  [/test_start_list_describe_canceled_replay/, 'a replay of three events is over before it can be cancelled'],
  [/TargetFirehose/, 'there is no Firehose here'],
  [/TargetApiGateway/, 'event buses do not deliver to APIs here'],
  [/^cloudformation\/.*(TestExtensions|stack_set|drift)/, 'there are no extensions, stack sets or drift here'],
  [
    /^cloudformation\/.*(deploy_instance|vpc|route_table|transit|keypair|prefix_list|firehose|kms|test_domain|statemachine|patch_baseline|subnet_id)/,
    'made of services that are not here',
  ],
  [/^cloudformation\/.*(TestMacros|macro|Transform|transform|include)/, 'there are no macros here besides two transforms'],
];
