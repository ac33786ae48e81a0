import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { GetFunctionConfigurationCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { noTerraform, provider, Terraform } from '../kit/terraform.ts';
import { zipOf } from '../kit/zip.ts';

const main = (origin: string): string => `${provider(origin, ['lambda', 'iam', 'sts', 's3', 'signer'])}
resource "aws_iam_role" "role" {
  name = "tf-role"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_s3_bucket" "code" {
  bucket        = "tf-code"
  force_destroy = true
}
resource "aws_s3_bucket_versioning" "code" {
  bucket = aws_s3_bucket.code.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_object" "code" {
  bucket = aws_s3_bucket_versioning.code.bucket
  key    = "function.zip"
  source = "function.zip"
  etag   = filemd5("function.zip")
}
resource "aws_signer_signing_profile" "profile" {
  platform_id = "AWSLambda-SHA384-ECDSA"
  name_prefix = "tf_"
  signature_validity_period {
    value = 5
    type  = "YEARS"
  }
  tags = { made = "by terraform" }
}
resource "aws_signer_signing_profile_permission" "other" {
  profile_name = aws_signer_signing_profile.profile.name
  action       = "signer:StartSigningJob"
  principal    = "111122223333"
  statement_id = "other"
}
resource "aws_signer_signing_job" "job" {
  profile_name = aws_signer_signing_profile.profile.name
  source {
    s3 {
      bucket  = aws_s3_object.code.bucket
      key     = aws_s3_object.code.key
      version = aws_s3_object.code.version_id
    }
  }
  destination {
    s3 {
      bucket = aws_s3_bucket.code.bucket
      prefix = "signed/"
    }
  }
}
resource "aws_lambda_code_signing_config" "config" {
  allowed_publishers {
    signing_profile_version_arns = [aws_signer_signing_profile.profile.version_arn]
  }
  policies { untrusted_artifact_on_deployment = "Enforce" }
}
resource "aws_lambda_function" "function" {
  function_name           = "tf-signed"
  role                    = aws_iam_role.role.arn
  runtime                 = "nodejs22.x"
  handler                 = "index.handler"
  s3_bucket               = aws_signer_signing_job.job.signed_object[0].s3[0].bucket
  s3_key                  = aws_signer_signing_job.job.signed_object[0].s3[0].key
  code_signing_config_arn = aws_lambda_code_signing_config.config.arn
}
`;

suite('Terraform with the AWS provider and signed code', { skip: noTerraform, timeout: 280_000 }, () => {
  test('signs, deploys under Enforce, plans nothing more, and destroys', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'));
    const work = path.join(folder.path, 'work');
    mkdirSync(work);
    writeFileSync(path.join(work, 'main.tf'), main(server.origin));
    const zip = await zipOf({ 'index.js': 'exports.handler = async () => "signed by terraform";' });
    writeFileSync(path.join(work, 'function.zip'), zip);
    const terraform = new Terraform(work);
    await terraform.init();
    await terraform.apply();
    const client = lambdaClient(server.origin);
    t.after(() => client.destroy());
    t.assert.equal((await invoke(client, 'tf-signed')).answer, 'signed by terraform');
    const { SigningProfileVersionArn = '' } = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'tf-signed' }),
    );
    t.assert.match(SigningProfileVersionArn, /^arn:aws:signer:us-east-1:000000000000:\/signing-profiles\/tf_\w+\/\w{10}$/);
    await t.assert.rejects(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'tf-signed', ZipFile: zip })), {
      name: 'CodeVerificationFailedException',
    });
    await terraform.planNothing();
    await terraform.destroy();
    await t.assert.rejects(invoke(client, 'tf-signed'), { name: 'ResourceNotFoundException' });
    // Killed, it would leave its control groups for a next start that never comes.
    await server.stop();
  });
});
