/**
 * The system-call filter, as classic BPF.
 *
 * A list of what functions may not call, on top of no capabilities and fresh namespaces: each entry is a
 * door to kernel code that no Lambda function needs. Unknown numbers pass to the kernel; the walls
 * around (namespaces, no capabilities, no_new_privs) hold without the filter too.
 *
 * @source notes on the threat model, sandbox contract: Seccomp
 */

type Arch = 'x64' | 'arm64';

const auditArch: Readonly<Record<Arch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const x32Bit = 0x40000000;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const allow = 0x7fff0000;
const killProcess = 0x80000000;
const refuse = (errno: number): number => 0x00050000 | errno;

/** Refused with EPERM: [x64, arm64] numbers, -1 where the architecture has none. */
const forbidden: Readonly<Record<string, readonly [number, number]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  open_tree: [428, 428],
  move_mount: [429, 429],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  syslog: [103, 116],
  acct: [163, 89],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, -1],
  ioperm: [173, -1],
  modify_ldt: [154, -1],
  vhangup: [153, 58],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  vmsplice: [278, 75],
};

/** Answered as if the kernel had never heard of them, so that libraries fall back. */
const absent: Readonly<Record<string, readonly [number, number]>> = {
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // Its flags are behind a pointer, where a filter cannot see namespaces being asked for.
  clone3: [435, 435],
  memfd_secret: [447, 447],
};

const clone = [56, 220] as const;
const socket = [41, 198] as const;
const personality = [135, 92] as const;
/** CLONE_NEWTIME … CLONE_NEWNET, without the CLONE_* bits of threads. */
const namespaceFlags = 0x7e020000;
const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const netlinkRoute = 0;

/** One instruction: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const equal = (k: number, jt: number, jf: number): Instruction => [0x15, jt, jf, k];
const anyBit = (k: number, jt: number, jf: number): Instruction => [0x45, jt, jf, k];
const give = (k: number): Instruction => [0x06, 0, 0, k];
const number = 0;
const architecture = 4;
const argument = (index: number): number => 16 + 8 * index;

/** The filter for `bwrap --seccomp`. */
export function seccompFilter(arch: Arch): Uint8Array {
  const at = arch === 'x64' ? 0 : 1;
  const program: Instruction[] = [load(architecture), equal(auditArch[arch], 1, 0), give(killProcess), load(number)];
  if (arch === 'x64') program.push(anyBit(x32Bit, 0, 1), give(refuse(ENOSYS)));
  for (const [numbers, errno] of [
    [forbidden, EPERM],
    [absent, ENOSYS],
  ] as const) {
    for (const pair of Object.values(numbers)) {
      if (pair[at] !== -1) program.push(equal(pair[at], 0, 1), give(refuse(errno)));
    }
  }
  program.push(
    equal(clone[at], 0, 4),
    load(argument(0)),
    anyBit(namespaceFlags, 0, 1),
    give(refuse(EPERM)),
    give(allow),
    equal(personality[at], 0, 4),
    load(argument(0)),
    equal(0, 1, 0),
    give(refuse(EPERM)),
    give(allow),
    equal(socket[at], 0, 9),
    load(argument(0)),
    equal(families.unix, 6, 0),
    equal(families.inet, 5, 0),
    equal(families.inet6, 4, 0),
    equal(families.netlink, 0, 2),
    load(argument(2)),
    equal(netlinkRoute, 1, 0),
    give(refuse(EAFNOSUPPORT)),
    give(allow),
    give(allow),
  );
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jt, jf, k], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
