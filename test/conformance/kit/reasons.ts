/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    /test_lambda_concurrent_(code|config)_updates|test_lambda_code_location_zipfile|test_publish_with_update/,
    'an update is over here before a second call can find it under way',
  ],
  [/test_lambda_permission_revisions/, 'recorded in 2022; later recordings name GetPolicy, as Mayfly does'],
  [/test_lambda_invoke_timed_out_environment_reuse/, 'recorded on the older platform, whose time-outs have no errorType'],
  [/test_runtime_ulimits/, 'core files are never written, and locked memory and processes are bounded by the cgroup'],
  [/test_runtime_introspection/, 'a box has no /lambda-entrypoint.sh'],
  [/provisioned_concurrency_moves_with_alias/, 'an alias that moves to another version is served at once'],
  [/test_invoke_exceptions/, 'recorded in 2023; later recordings end with the qualifier, as Mayfly does'],
  [/test_invocation_type_event_error/, 'recorded with the durations of its own invocations'],
  [/test_lambda_init_environment/, 'the machine that wrote this table has no such interpreter'],
  [
    /introspection_invoke\[provided/,
    "a function's own runtime client finds a pipe for framed logs here, too: _LAMBDA_TELEMETRY_LOG_FD",
  ],
  [/python3\.14|python3\.15|ruby|dotnet[68]|java8/, 'the machine that wrote this table has no such interpreter'],
  [/snapstart_(lifecycle|update)/, 'the machine was too busy to get its runtime ready'],
  [/test_manual_endpoint_injection|custom_id|test_xray|batching_behaviour/, 'nothing was recorded of it'],
  [/test_adding_tags/, 'needs CloudFormation'],
  [/test_name_and_qualifier|test_function_name_and_qualifier_validation/, 'nothing was recorded of it'],
];
