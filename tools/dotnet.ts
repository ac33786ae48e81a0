/**
 * Compiles the host of .NET class libraries, `runtimes/dotnet/Mayfly.Runtime.dll`, from its sources: `node tools/dotnet.ts`.
 * Same sources, same bytes, with the compiler that `mcsVersion` names. See docs/decisions/0006-the-dotnet-host-is-committed.md.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Debian 12's mono-mcs. */
export const mcsVersion = '6.8.0.105';
export const dotnetHost = path.join(import.meta.dirname, '../runtimes/dotnet/Mayfly.Runtime.dll');

const sources = path.join(import.meta.dirname, '../runtimes/dotnet/source');

/** Names the contents of the sources; the assembly carries it. */
export function dotnetSourcesDigest(): string {
  const hash = createHash('sha256');
  for (const name of globSync('**/*.cs', { cwd: sources }).sort())
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(path.join(sources, name)));
  return hash.digest('hex');
}

export function compileDotnetHost(target: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-mcs-'));
  const mcs = (...args: readonly string[]): void => {
    execFileSync('mcs', ['-deterministic', '-optimize', '-warnaserror', ...args], { cwd: folder, stdio: 'inherit' });
  };
  try {
    mcs('-target:library', '-out:Amazon.Lambda.Core.dll', path.join(sources, 'reference/Amazon.Lambda.Core.cs'));
    writeFileSync(
      path.join(folder, 'Digest.cs'),
      `[assembly: System.Reflection.AssemblyMetadata("sources", "${dotnetSourcesDigest()}")]\n`,
    );
    // An assembly is named in itself, after its file.
    const files = globSync('*.cs', { cwd: sources }).sort();
    mcs('-out:Mayfly.Runtime.dll', '-r:Amazon.Lambda.Core.dll', 'Digest.cs', ...files.map((name) => path.join(sources, name)));
    writeFileSync(target, readFileSync(path.join(folder, 'Mayfly.Runtime.dll')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) compileDotnetHost(dotnetHost);
