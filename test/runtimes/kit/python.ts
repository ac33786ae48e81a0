import path from 'node:path';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { built, zipFolders } from './artefacts.ts';
import { uploaded, type House } from './house.ts';

/** What people install, as a layer. Too large for a request: it comes from a bucket. @returns the layer version's ARN */
export async function pythonLayer(house: House, python: string, minor: string): Promise<string> {
  const folder = await built(
    'python',
    async ({ run }) => {
      const quietly = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
      await run(python, ['-m', 'pip', 'install', ...quietly, '--target', 'site', '-r', 'requirements.txt']);
    },
    minor,
  );
  const Content = await uploaded(house, 'layers', await zipFolders({ 'python/': path.join(folder, 'site') }));
  const { LayerVersionArn = '' } = await house.client.send(
    new PublishLayerVersionCommand({ LayerName: 'site', Content, CompatibleRuntimes: [`python${minor}`] as never }),
  );
  return LayerVersionArn;
}
