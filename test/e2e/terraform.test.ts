import { APIGateway } from '@aws-sdk/client-api-gateway';
import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { noTerraform, provider, Terraform } from '../kit/terraform.ts';
import { zipOf } from '../kit/zip.ts';

const services = [
  'apigateway',
  'apigatewayv2',
  'lambda',
  'iam',
  'sts',
  'sqs',
  'sns',
  's3',
  'dynamodb',
  'cloudwatchlogs',
  'cloudwatchevents',
  'kinesis',
  'ssm',
];

const main = (origin: string): string => `${provider(origin, services)}
resource "aws_iam_role" "role" {
  name = "tf-role"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.role.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
resource "aws_lambda_layer_version" "layer" {
  layer_name          = "tf-layer"
  filename            = "layer.zip"
  compatible_runtimes = ["nodejs22.x"]
}
resource "aws_lambda_function" "function" {
  function_name    = "tf-function"
  role             = aws_iam_role.role.arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")
  layers           = [aws_lambda_layer_version.layer.arn]
  publish          = true
  timeout          = 7
  environment {
    variables = { WORD = var.word }
  }
}
variable "word" { default = "one" }
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version
}
resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "events.amazonaws.com"
}
resource "aws_lambda_function_url" "url" {
  function_name      = aws_lambda_function.function.function_name
  authorization_type = "NONE"
  cors {
    allow_origins = ["*"]
  }
}
resource "aws_lambda_function_event_invoke_config" "async" {
  function_name          = aws_lambda_function.function.function_name
  maximum_retry_attempts = 1
  destination_config {
    on_failure {
      destination = aws_sns_topic.failures.arn
    }
  }
}
resource "aws_sns_topic" "failures" { name = "tf-failures" }
resource "aws_cloudwatch_event_rule" "rule" {
  name                = "tf-rule"
  schedule_expression = "rate(1 day)"
}
resource "aws_cloudwatch_event_target" "target" {
  rule = aws_cloudwatch_event_rule.rule.name
  arn  = aws_lambda_function.function.arn
}
resource "aws_dynamodb_table" "table" {
  name             = "tf-table"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn  = aws_dynamodb_table.table.stream_arn
  function_name     = aws_lambda_function.function.arn
  starting_position = "LATEST"
}
resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "\${aws_apigatewayv2_api.api.execution_arn}/*/*"
}
resource "aws_cloudwatch_log_group" "access" { name = "tf-access" }
resource "aws_apigatewayv2_api" "api" {
  name          = "tf-api"
  protocol_type = "HTTP"
  cors_configuration {
    allow_origins = ["*"]
  }
}
resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.function.invoke_arn
  payload_format_version = "2.0"
  request_parameters     = { "overwrite:header.x-word" = var.word }
}
resource "aws_apigatewayv2_route" "word" {
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "GET /word"
  target    = "integrations/\${aws_apigatewayv2_integration.function.id}"
}
resource "aws_apigatewayv2_stage" "stage" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = "$context.requestId $context.status"
  }
}
resource "aws_apigatewayv2_api" "document" {
  name          = "tf-document"
  version       = var.word
  protocol_type = "HTTP"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "tf-document", version = var.word }
    paths = { "/word" = { get = { "x-amazon-apigateway-integration" = {
      type = "aws_proxy", httpMethod = "POST", payloadFormatVersion = "2.0", uri = aws_lambda_function.function.invoke_arn
    } } } }
  })
}
resource "aws_apigatewayv2_stage" "document" {
  api_id      = aws_apigatewayv2_api.document.id
  name        = "$default"
  auto_deploy = true
}
resource "aws_api_gateway_rest_api" "rest" { name = "tf-rest" }
resource "aws_api_gateway_resource" "word" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  parent_id   = aws_api_gateway_rest_api.rest.root_resource_id
  path_part   = "word"
}
resource "aws_api_gateway_method" "word" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  resource_id   = aws_api_gateway_resource.word.id
  http_method   = "GET"
  authorization = "NONE"
}
resource "aws_api_gateway_integration" "word" {
  rest_api_id             = aws_api_gateway_rest_api.rest.id
  resource_id             = aws_api_gateway_resource.word.id
  http_method             = aws_api_gateway_method.word.http_method
  integration_http_method = "POST"
  type                    = "AWS"
  uri                     = aws_lambda_function.function.invoke_arn
}
resource "aws_api_gateway_method_response" "word" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  resource_id = aws_api_gateway_resource.word.id
  http_method = aws_api_gateway_method.word.http_method
  status_code = "200"
}
resource "aws_api_gateway_integration_response" "word" {
  rest_api_id        = aws_api_gateway_rest_api.rest.id
  resource_id        = aws_api_gateway_resource.word.id
  http_method        = aws_api_gateway_method.word.http_method
  status_code        = aws_api_gateway_method_response.word.status_code
  response_templates = { "application/json" = "{\\"$stageVariables.name\\": $input.json('$')}" }
  depends_on         = [aws_api_gateway_integration.word]
}
resource "aws_api_gateway_deployment" "rest" {
  rest_api_id = aws_api_gateway_rest_api.rest.id
  depends_on  = [aws_api_gateway_integration_response.word]
}
resource "aws_api_gateway_stage" "rest" {
  rest_api_id   = aws_api_gateway_rest_api.rest.id
  deployment_id = aws_api_gateway_deployment.rest.id
  stage_name    = "prod"
  variables     = { name = var.word }
}
resource "aws_api_gateway_usage_plan" "plan" {
  name = "tf-plan"
  api_stages {
    api_id = aws_api_gateway_rest_api.rest.id
    stage  = aws_api_gateway_stage.rest.stage_name
  }
}
resource "aws_api_gateway_api_key" "key" { name = "tf-key" }
resource "aws_api_gateway_usage_plan_key" "key" {
  key_id        = aws_api_gateway_api_key.key.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.plan.id
}
resource "aws_s3_bucket" "bucket" { bucket = "tf-bucket" }
`;

suite('Terraform with the AWS provider', { skip: noTerraform, timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let work: string;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'));
    work = path.join(folder.path, 'work');
    mkdirSync(work);
    writeFileSync(path.join(work, 'main.tf'), main(server.origin));
    writeFileSync(
      path.join(work, 'function.zip'),
      await zipOf({ 'index.js': 'exports.handler = async () => process.env.WORD + require("/opt/word.js");' }),
    );
    writeFileSync(path.join(work, 'layer.zip'), await zipOf({ 'word.js': 'module.exports = " from a layer";' }));
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('applies, plans nothing more, changes, and destroys', async (t: TestContext) => {
    const terraform = new Terraform(work);
    await terraform.init();
    await terraform.apply();
    const client = lambdaClient(server.origin);
    t.after(() => client.destroy());
    t.assert.equal((await invoke(client, 'tf-function:live')).answer, 'one from a layer');
    const apis = new ApiGatewayV2({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '0', secretAccessKey: 'x' },
    });
    t.after(() => apis.destroy());
    const { Items: made = [] } = await apis.getApis({});
    t.assert.equal(made.length, 2);
    for (const { ApiEndpoint: endpoint } of made)
      t.assert.equal(await (await fetch(`${endpoint}/word`)).text(), 'one from a layer');
    const rest = new APIGateway({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '0', secretAccessKey: 'x' },
    });
    t.after(() => rest.destroy());
    const { items: [{ id } = {}] = [] } = await rest.getRestApis({});
    const said = async (): Promise<unknown> => (await fetch(`${server.origin}/_mayfly/api/${id}/prod/word`)).json();
    t.assert.deepEqual(await said(), { one: 'one from a layer' });
    await terraform.planNothing();
    await terraform.apply('-var', 'word=two');
    t.assert.deepEqual(await said(), { two: 'two from a layer' });
    t.assert.equal((await invoke(client, 'tf-function:live')).answer, 'two from a layer');
    await terraform.planNothing('-var', 'word=two');
    await terraform.destroy();
    await t.assert.rejects(invoke(client, 'tf-function'), { name: 'ResourceNotFoundException' });
  });
});
