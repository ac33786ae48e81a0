import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { cgroupRoot, type CgroupVersion } from '../cgroup/index.ts';
import type { Capabilities, Finding } from '../port.ts';
import { isExecutable } from './obstacle.ts';

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** A kernel setting that makes an escape harder. It costs nothing, so anything else is worth a line. */
interface Setting {
  readonly file: string;
  readonly good: (value: number) => boolean;
  readonly set: number;
  readonly why: string;
}

/** @source notes on the threat model, doctor */
const settings: readonly Setting[] = [
  { file: 'kernel/kptr_restrict', good: (value) => value >= 1, set: 1, why: 'kernel addresses are readable' },
  { file: 'kernel/dmesg_restrict', good: (value) => value === 1, set: 1, why: 'the kernel log is readable' },
  { file: 'kernel/unprivileged_bpf_disabled', good: (value) => value >= 1, set: 1, why: 'any user may load BPF programs' },
  {
    file: 'kernel/io_uring_disabled',
    good: (value) => value >= 1,
    set: 1,
    why: 'io_uring is open to every user of the host (not to functions)',
  },
  { file: 'fs/protected_symlinks', good: (value) => value === 1, set: 1, why: 'links in shared folders are followed' },
  { file: 'fs/protected_hardlinks', good: (value) => value === 1, set: 1, why: 'hard links to files of others can be made' },
];

function settingFindings(): Finding[] {
  return settings.flatMap(({ file, good, set, why }): Finding[] => {
    const text = read(path.join('/proc/sys', file));
    if (text === '' || good(Number(text))) return [];
    const name = file.replaceAll('/', '.');
    return [{ check: name, verdict: 'warn', detail: `${why} (${text})`, remedy: `sysctl -w ${name}=${set}` }];
  });
}

const versionOf = (text: string): string => /\d+(\.\d+)+/.exec(text)?.[0] ?? 'of unknown version';

/** What the jail has here, and what it lacks. @param host  how this driver was opened */
export async function probeJail(host: {
  readonly cgroup: CgroupVersion | undefined;
  readonly controllers: readonly string[];
  readonly egress: boolean;
  readonly bubblewrapVersion: string;
}): Promise<Capabilities> {
  const { cgroup, controllers, egress } = host;
  const has = (name: string): boolean => controllers.includes(name);
  const version = versionOf(host.bubblewrapVersion);
  const findings: Finding[] = [
    { check: 'bubblewrap', verdict: 'pass', detail: version },
    { check: 'perl', verdict: isExecutable('/usr/bin/perl') ? 'pass' : 'refuse', detail: '/usr/bin/perl' },
    { check: 'kernel', verdict: 'pass', detail: release() },
    ...(['memory', 'cpu', 'pids'] as const).map((name): Finding =>
      has(name)
        ? { check: `cgroup ${name}`, verdict: 'pass', detail: `${cgroup}, ${cgroupRoot}` }
        : {
            check: `cgroup ${name}`,
            verdict: 'warn',
            detail: `functions are not bounded in ${name}`,
            remedy: cgroup === undefined ? 'sudo npm start' : `echo +${name} > ${cgroupRoot}/cgroup.subtree_control`,
          },
    ),
    existsSync('/proc/self/seccomp') || /^Seccomp:/m.test(read('/proc/self/status'))
      ? { check: 'seccomp', verdict: 'pass', detail: 'system calls are filtered' }
      : {
          check: 'seccomp',
          verdict: 'refuse',
          detail: 'the kernel was built without it',
          remedy: 'boot a kernel with CONFIG_SECCOMP_FILTER',
        },
    ...['pid', 'net', 'mnt', 'ipc', 'uts', 'cgroup'].map((name): Finding =>
      existsSync(`/proc/self/ns/${name}`)
        ? { check: `namespace ${name}`, verdict: 'pass', detail: 'available' }
        : {
            check: `namespace ${name}`,
            verdict: 'refuse',
            detail: 'the kernel has none',
            remedy: 'boot a kernel with namespaces',
          },
    ),
    egress
      ? { check: 'egress', verdict: 'pass', detail: 'functions reach public addresses, and no private ones' }
      : {
          check: 'egress',
          verdict: 'warn',
          detail: 'functions reach only this server',
          remedy: 'apt-get install -y nftables',
        },
    ...settingFindings(),
  ];
  return {
    driver: 'jail',
    available: findings.every(({ verdict }) => verdict !== 'refuse'),
    detail: `bubblewrap ${version}, ${cgroup === undefined ? 'without root: memory, processor and processes are not bounded' : `cgroup ${cgroup}`}, kernel ${release()}`,
    memoryLimit: has('memory'),
    cpuLimit: has('cpu'),
    freezer: cgroup !== 'v1' || has('freezer'),
    network: egress,
    findings,
  };
}
