import { built } from './artefacts.ts';

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
