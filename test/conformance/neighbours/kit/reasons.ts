import type { Reasons } from '../../kit/table.ts';

/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: Reasons = [
  [/test_s3_default_bucket_encryption$/, 'without a configuration of its own a bucket says what it does: AES256'],
  [/test_s3_bucket_encryption_sse_kms/, 'there is no KMS here'],
  [/test_service_role_lifecycle\[sso/, 'the recorded role was made by the service itself, with a description of its own'],
  [/test_public_access_block_exc|test_stream_destination_records|subscribe_to_shard_cbor/, 'nothing was recorded of it'],
  [
    /test_put_metric_filter_too_many_transformations/,
    'AWS prints two members of its transformations the other way round than its model names them',
  ],
  [/test_list_phone_numbers_opted_out/, 'there is no telephone here, so nobody has answered STOP'],
];
