import type { Aws } from '../aws.ts';
import type { Vaults } from '../template/dynamic.ts';
import { isNotThere } from './reasons.ts';

const orNothing = async <T>(asking: Promise<T>): Promise<T | undefined> => {
  try {
    return await asking;
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
};

/** Parameters and secrets, read in the name of whoever makes the stack. */
export const vaultsOf = (aws: Aws): Vaults => ({
  ssm: async (name) => (await orNothing(aws.ssm.GetParameter({ Name: name, WithDecryption: true })))?.Parameter?.Value,
  secret: async (id, { stage, versionId }) =>
    (
      await orNothing(
        aws.secretsmanager.GetSecretValue({
          SecretId: id,
          ...(stage === undefined ? {} : { VersionStage: stage }),
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        }),
      )
    )?.SecretString,
});
