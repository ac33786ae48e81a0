import { readFileSync } from 'node:fs';
import path from 'node:path';
import { built, missing, slow, zipFolders } from '../../runtimes/kit/artefacts.ts';
import { dotnetFunctions, dotnetMissing } from '../../runtimes/kit/dotnet.ts';
import { zipOf } from '../../kit/zip.ts';
import { NotHere } from './stage.ts';

/** A program of the scenarios that most runtimes have, where it has to be compiled first. */
export interface Compiled {
  readonly Handler: string;
  /**
   * Compiled once, also between runs.
   *
   * @param more  files beside the program
   * @throws NotHere
   */
  archive(more?: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

function needed(absent: string | false): void {
  if (absent !== false) throw new NotHere(absent);
}

/** Classes in `classes`, jars they need in `lib`, and the classes once more as a jar in `jars`. */
export async function javaClasses(): Promise<string> {
  needed(missing('javac', 'mvn'));
  return built('common-java', async ({ run }) => {
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib']);
    // Every Java that there still is runs it.
    const flags = ['--release', '8', '-Xlint:-options', '-cp', 'lib/*'];
    await run('javac', [...flags, '-d', 'words', 'src/words/Words.java']);
    await run('jar', ['--create', '--file', 'lib/words.jar', '-C', 'words', '.']);
    const handlers = [
      'echo/Handler',
      'cloud/localstack/awssdkv1/sample/SerializedInputLambdaHandler',
      'cloud/localstack/sample/LambdaHandlerWithLib',
    ];
    await run('javac', [...flags, '-d', 'classes', ...handlers.map((name) => `src/${name}.java`)]);
    await run('mkdir', ['jars']);
    await run('jar', ['--create', '--file', 'jars/function.jar', '-C', 'classes', '.']);
  });
}

const java: Compiled = {
  Handler: 'echo.Handler',
  async archive(more) {
    const folder = await javaClasses();
    return zipFolders({ '': path.join(folder, 'classes'), 'lib/': path.join(folder, 'lib') }, more);
  },
};

const go: Compiled = {
  Handler: 'function.handler',
  async archive(more) {
    needed(missing('go'));
    const folder = await built('common-go', async ({ run }) => {
      const flags = ['-trimpath', '-tags', 'lambda.norpc', '-ldflags=-s -w'];
      await run('go', ['build', ...flags, '-o', 'bootstrap', '.'], { CGO_ENABLED: '0' });
    });
    return zipOf({ ...more, bootstrap: readFileSync(path.join(folder, 'bootstrap')) });
  },
};

const rust: Compiled = {
  Handler: 'function.handler',
  async archive(more) {
    needed(missing('cargo') || slow);
    const folder = await built('common-rust', async ({ run, folder: at }) => {
      await run('cargo', ['build', '--quiet', '--target-dir', path.join(at, 'target')]);
      await run('cp', ['target/debug/bootstrap', 'bootstrap']);
      await run('strip', ['bootstrap']);
      await run('rm', ['-r', 'target']);
    });
    return zipOf({ ...more, bootstrap: readFileSync(path.join(folder, 'bootstrap')) });
  },
};

const dotnet: Compiled = {
  Handler: 'dotnet::Dotnet.Function::FunctionHandler',
  async archive(more) {
    needed(dotnetMissing);
    return zipFolders({ '': path.join(await dotnetFunctions(), 'common') }, more);
  },
};

export const compiled: Readonly<Record<string, Compiled>> = { java, provided: go, go, rust, dotnet };
