import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** Why the tests that build real images cannot run here; false when they can. */
export const noTools: string | false = ['umoci', 'skopeo', 'ldd', 'bash'].every((tool) =>
  ['/usr/bin', '/bin'].some((folder) => existsSync(path.join(folder, tool))),
)
  ? false
  : 'umoci, skopeo, ldd or bash is not installed';

/** A runtime client of a few lines: bash speaks HTTP to the Runtime API through /dev/tcp. */
export const bashClient = `#!/bin/bash
api=\${AWS_LAMBDA_RUNTIME_API/:/\\/}
call() {
  exec 3<>"/dev/tcp/$api"
  printf '%s %s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "/2018-06-01/runtime/$2" "\${#3}" "$3" >&3
  id= event=
  while IFS= read -r line <&3; do
    line=\${line%$'\\r'}
    case $line in [Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d:*) id=\${line#*: } ;; esac
    [ -z "$line" ] && break
  done
  IFS= read -r event <&3
  exec 3>&-
}
echo "started with $*"
while :; do
  call GET invocation/next ''
  request=$id
  files=$(cd /data 2>/dev/null && echo *)
  call POST "invocation/$request/response" "{\\"event\\":$event,\\"arguments\\":\\"$*\\",\\"folder\\":\\"$PWD\\",\\"word\\":\\"$WORD\\",\\"files\\":\\"$files\\",\\"uid\\":$UID,\\"execution\\":\\"$AWS_EXECUTION_ENV\\"}"
done
`;

/** A small root with bash in it, put together from this machine's own files. */
export async function smallRoot(folder: string): Promise<string> {
  const bash = '/bin/bash';
  const { stdout } = await run('ldd', [bash]);
  const libraries = [...stdout.matchAll(/(\/\S+)/g)].map(([, file]) => file ?? '').filter((file) => file !== bash);
  for (const file of [bash, ...libraries]) {
    // Through the names of today: /lib may be a link to /usr/lib here, and the loader asks for /lib64.
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
  mkdirSync(path.join(folder, 'usr/local/bin'), { recursive: true });
  writeFileSync(path.join(folder, 'usr/local/bin/client'), bashClient, { mode: 0o755 });
  symlinkSync('/bin/bash', path.join(folder, 'usr/local/bin/shell'));
  return folder;
}

export interface ImageSettings {
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  readonly env?: readonly string[];
  readonly architecture?: string;
}

/** One image in an OCI layout, made by umoci. */
export class Layout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(folder: string): Promise<Layout> {
    await run('umoci', ['init', '--layout', folder]);
    return new Layout(folder);
  }

  async create(tag: string): Promise<void> {
    await run('umoci', ['new', '--image', `${this.folder}:${tag}`]);
  }

  async copy(from: string, to: string): Promise<void> {
    await run('umoci', ['tag', '--image', `${this.folder}:${from}`, to]);
  }

  /** One more layer: this folder at that place. */
  async add(tag: string, source: string, target: string): Promise<void> {
    await run('umoci', ['insert', '--image', `${this.folder}:${tag}`, source, target]);
  }

  /** One more layer that takes something away. */
  async whiteout(tag: string, target: string): Promise<void> {
    await run('umoci', ['insert', '--whiteout', '--image', `${this.folder}:${tag}`, target]);
  }

  /** One more layer in which a folder begins empty. */
  async opaque(tag: string, source: string, target: string): Promise<void> {
    await run('umoci', ['insert', '--opaque', '--image', `${this.folder}:${tag}`, source, target]);
  }

  async configure(tag: string, settings: ImageSettings): Promise<void> {
    const { entryPoint = [], command = [], env = [], workingDirectory, architecture } = settings;
    await run('umoci', [
      ...['config', '--image', `${this.folder}:${tag}`],
      ...entryPoint.map((word) => `--config.entrypoint=${word}`),
      ...command.map((word) => `--config.cmd=${word}`),
      ...env.map((pair) => `--config.env=${pair}`),
      ...(workingDirectory === undefined ? [] : [`--config.workingdir=${workingDirectory}`]),
      ...(architecture === undefined ? [] : [`--architecture=${architecture}`]),
    ]);
  }

  async push(tag: string, origin: string, name: string): Promise<void> {
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--dest-tls-verify=false',
      `oci:${this.folder}:${tag}`,
      `docker://${new URL(origin).host}/${name}`,
    ]);
  }
}
