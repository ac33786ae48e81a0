import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where a provider lies unpacked; `terraform init` would otherwise ask the internet. */
const plugins = [
  '/opt/tf-plugins',
  '/usr/share/terraform/plugins',
  path.join(process.env['HOME'] ?? '/', '.terraform.d/plugins'),
].find((folder) => existsSync(folder) && globSync('**/terraform-provider-aws_*', { cwd: folder }).length > 0);
const terraform = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => path.join(folder, 'terraform'))
  .find((file) => existsSync(file));

/** Why there is no Terraform with the AWS provider here; false where there is. */
export const noTerraform: string | false =
  terraform === undefined
    ? 'terraform is not on this machine'
    : plugins === undefined
      ? 'the AWS provider of Terraform is not on this machine'
      : false;

/** The AWS provider, with these of its services served here. */
export const provider = (origin: string, services: readonly string[]): string => `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "x"
  skip_metadata_api_check     = true
  skip_credentials_validation = true
  max_retries                 = 2
  endpoints {
    ${services.map((name) => `${name} = "${origin}"`).join('\n    ')}
  }
  s3_use_path_style = true
}
`;

/** Terraform in the folder of a configuration; rejects unless it ends with 0. */
export class Terraform {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  init = (): Promise<void> => this.#run('init', '-input=false', `-plugin-dir=${plugins}`);
  apply = (...args: string[]): Promise<void> => this.#run('apply', '-input=false', '-auto-approve', '-no-color', ...args);
  /** Exit code 2 would mean that something is left to do. */
  planNothing = (...args: string[]): Promise<void> =>
    this.#run('plan', '-input=false', '-detailed-exitcode', '-no-color', ...args);
  destroy = (): Promise<void> => this.#run('destroy', '-input=false', '-auto-approve', '-no-color');

  async #run(...args: string[]): Promise<void> {
    await run(terraform ?? '', args, {
      cwd: this.#folder,
      env: { ...process.env, TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1' },
      maxBuffer: 2 ** 24,
    });
  }
}
