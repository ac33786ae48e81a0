import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { built, missing, pythonOf } from './artefacts.ts';

const python = pythonOf('3.11');

/** For `{ skip }`. */
export const dotnetMissing: string | false = missing('mcs') || (python === undefined ? 'no pip of Python 3.11' : false);

/**
 * The newest CLR and compiler that a public registry of this project's machines carries: .NET Core 3.1 and C# of Mono. The
 * CLR is laid out as if it were .NET 10, so that the runtime `dotnet10` takes it; which one it is the host does not care.
 *
 * @returns a folder with `clr`; `executable`, `library`, `bare` and `common` as they are published, each with its settings beside it
 */
export const dotnetFunctions = (): Promise<string> =>
  built('dotnet', async ({ folder, run }) => {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    await run(python ?? '', [...pip, 'dotnetcore2==3.1.23']);
    await run('sh', ['-c', `"${python}" -m zipfile -e dotnetcore2-*.whl wheel && rm dotnetcore2-*.whl`]);
    await run('sh', ['-c', 'mv wheel/dotnetcore2/bin clr && rm -r wheel && chmod -R a+rX clr && chmod a+x clr/dotnet']);
    await run('mv', ['clr/shared/Microsoft.NETCore.App/3.1.23', 'clr/shared/Microsoft.NETCore.App/10.0.0']);

    await run('mcs', ['-out:executable/Function.dll', 'executable/Function.cs']);
    // The real one is signed, and our host does not know by whom.
    writeFileSync(path.join(folder, 'key.snk'), strongNameKey());
    const library = (name: string, ...args: readonly string[]) =>
      run('mcs', ['-target:library', `-out:library/${name}.dll`, ...args]);
    await library('Amazon.Lambda.Core', '-keyfile:key.snk', 'library/Core.cs');
    await library('Library', '-r:library/Amazon.Lambda.Core.dll', 'library/Library.cs', 'library/Serializer.cs');
    await run('mcs', ['-target:library', '-out:bare/Bare.dll', 'bare/Bare.cs']);
    await run('cp', ['library/Amazon.Lambda.Core.dll', 'common/']);
    const common = ['-target:library', '-out:common/dotnet.dll', '-r:common/Amazon.Lambda.Core.dll'];
    await run('mcs', [...common, 'common/Function.cs', 'library/Serializer.cs']);
    await run('sh', ['-c', 'rm key.snk */*.cs']);
  });

/** A key pair as compilers of .NET read it: the head of a CryptoAPI blob, then its numbers with their lowest byte first. */
function strongNameKey(): Buffer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const { n, p, q, dp, dq, qi, d } = privateKey.export({ format: 'jwk' });
  const number = (text: string | undefined, bytes: number): Buffer => {
    const reversed = Buffer.from(text ?? '', 'base64url').reverse();
    return Buffer.concat([reversed, Buffer.alloc(bytes - reversed.length)]);
  };
  return Buffer.concat([
    Buffer.from('0702000000240000525341320004000001000100', 'hex'),
    number(n, 128),
    ...[p, q, dp, dq, qi].map((each) => number(each, 64)),
    number(d, 128),
  ]);
}
