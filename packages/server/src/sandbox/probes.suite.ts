/**
 * What a hostile function tries, and what it must be told. Each probe is a Perl expression, because Perl is
 * wherever the jail is and can call the kernel by number; it runs inside, and its answer is compared.
 *
 * @source notes on the threat model, escape suite: the numbers are the same
 */
export interface Probe {
  readonly id: string;
  readonly tries: string;
  /** Perl; `call(name, arguments …)` gives `OK` or the error's name. */
  readonly perl: string;
  readonly expect: RegExp;
}

const refused = /^(EPERM|ENOSYS|EACCES)$/;
const absent = /^ENOENT$/;
const closed = /^(ENOENT|EACCES|EPERM|ENXIO|EROFS)$/;
const noFamily = /^(EPERM|EAFNOSUPPORT|ESOCKTNOSUPPORT|EPROTONOSUPPORT)$/;

const all = (id: string, tries: string, names: readonly string[], perl: (name: string) => string, expect: RegExp): Probe[] =>
  names.map((name) => ({ id, tries: `${tries}: ${name}`, perl: perl(name), expect }));

/** Numbers of x64; the calls that arm64 lacks are left out by `call`, which then says ENOSYS. */
export const probes: readonly Probe[] = [
  { id: 'E1', tries: 'a user namespace', perl: `call('unshare', 0x10000000)`, expect: refused },
  {
    id: 'E2',
    tries: 'user, mount and network namespaces at once',
    perl: `call('unshare', 0x10000000 | 0x20000 | 0x40000000)`,
    expect: refused,
  },
  { id: 'E3', tries: 'a mount namespace', perl: `call('unshare', 0x20000)`, expect: refused },
  { id: 'E4', tries: 'clone with namespaces', perl: `call('clone', 0x10000000 | 17, 0, 0, 0, 0)`, expect: refused },
  { id: 'E4', tries: 'clone3', perl: `call('clone3', 0, 0)`, expect: /^ENOSYS$/ },
  {
    id: 'E5',
    tries: 'joining its own namespace',
    perl: `open(my $f, '<', '/proc/self/ns/net'); call('setns', fileno($f), 0)`,
    expect: refused,
  },
  {
    id: 'E7',
    tries: 'finding any power left',
    perl: `join ' ', map { (status($_) =~ /(\\S+)$/)[0] } qw(CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp)`,
    expect: /^(0{16} ){5}1 2$/,
  },
  {
    id: 'E6',
    tries: 'a set-user-id program in /tmp',
    perl: `qx(cp /usr/bin/id /tmp/id; chmod 4755 /tmp/id; /tmp/id -u; chmod 4755 /tmp/id); my $u = qx(/tmp/id -u); chomp $u; $u eq $> ? 'same user' : $u`,
    expect: /^same user$/,
  },
  {
    id: 'E6',
    tries: "the host's set-user-id programs",
    perl: `my $u = qx(/usr/bin/su -c id 2>&1); $u =~ /uid=0/ ? 'root' : 'refused'`,
    expect: /^refused$/,
  },
  ...all('E8', 'changing the root', ['chroot', 'pivot_root'], (name) => `call('${name}', '/tmp', '/tmp')`, refused),
  ...all(
    'E9',
    'mounting',
    ['mount', 'umount2', 'fsopen', 'fsmount', 'open_tree', 'move_mount', 'mount_setattr'],
    (name) => `call('${name}', 'none', '/tmp', 'tmpfs', 0, 0)`,
    refused,
  ),
  ...all(
    'E10',
    'writing where only reading is allowed',
    ['/var/task', '/opt', '/var/runtime', '/etc', '/usr', '/', '/run/mayfly', '/run/mayfly/cache', '/dev', '/mnt'],
    (place) => `open(my $f, '>', '${place}/x') ? 'OK' : name()`,
    /^(EROFS|EACCES)$/,
  ),
  { id: 'E11', tries: 'BPF', perl: `call('bpf', 0, 0, 0)`, expect: refused },
  { id: 'E12', tries: 'io_uring', perl: `call('io_uring_setup', 1, 0)`, expect: refused },
  { id: 'E13', tries: 'userfaultfd', perl: `call('userfaultfd', 1)`, expect: refused },
  { id: 'E13', tries: 'userfaultfd by its device', perl: `opens('/dev/userfaultfd')`, expect: closed },
  { id: 'E14', tries: 'perf events', perl: `call('perf_event_open', 0, 0, -1, -1, 0)`, expect: refused },
  ...all('E15', 'kernel keys', ['add_key', 'keyctl', 'request_key'], (name) => `call('${name}', 0, 0, 0, 0)`, refused),
  ...all(
    'E16',
    'looking into processes',
    ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'kcmp'],
    (name) => `call('${name}', 0, 0, 0, 0)`,
    refused,
  ),
  ...all(
    'E17',
    'modules and kernels',
    ['init_module', 'finit_module', 'delete_module', 'kexec_load'],
    (name) => `call('${name}', 0, 0, 0, 0)`,
    refused,
  ),
  { id: 'E18', tries: 'fanotify', perl: `call('fanotify_init', 0, 0)`, expect: refused },
  ...all(
    'E19',
    'files by handle',
    ['name_to_handle_at', 'open_by_handle_at'],
    (name) => `call('${name}', -100, 0, 0, 0, 0)`,
    refused,
  ),
  { id: 'E20', tries: 'the kernel log', perl: `call('syslog', 3, 0, 0)`, expect: refused },
  { id: 'E20', tries: 'the kernel log by its device', perl: `opens('/dev/kmsg')`, expect: closed },
  { id: 'E21', tries: 'descriptor tables', perl: `call('modify_ldt', 0, 0, 0)`, expect: refused },
  { id: 'E22', tries: 'giving up address randomisation', perl: `call('personality', 0x0040000)`, expect: refused },
  {
    id: 'E23',
    tries: 'running from memory',
    perl: `my $n = "x\\0"; my $fd = syscall($nr{memfd_create}, $n, 0); open(my $in, '<', '/usr/bin/id'); local $/; syswrite_all($fd, scalar <$in>); my $u = qx(/proc/$$/fd/$fd -u); $u =~ s/\\s//g; POSIX::close($fd); $u eq $> ? 'same user' : $u`,
    expect: /^same user$/,
  },
  { id: 'E24', tries: 'secret memory', perl: `call('memfd_secret', 0)`, expect: refused },
  ...all(
    'E25',
    "the machine's own switches",
    ['acct', 'swapon', 'reboot', 'quotactl', 'settimeofday', 'clock_settime', 'adjtimex', 'sethostname', 'iopl', 'ioperm'],
    (name) => `call('${name}', 0, 0, 0, 0)`,
    refused,
  ),
  {
    id: 'E26',
    tries: 'x32 numbers',
    perl: `$arm ? 'ENOSYS' : (syscall(0x40000000 | 39) < 0 ? name() : 'OK')`,
    expect: /^ENOSYS$/,
  },
  {
    id: 'E27',
    tries: 'a filter that allows more',
    perl: `my $p = pack('S x2 x4 P', 1, pack('S C C L', 6, 0, 0, 0x7fff0000)); call('seccomp', 1, 0, $p); call('unshare', 0x10000000)`,
    expect: refused,
  },
  { id: 'E29', tries: 'a socket to the hypervisor', perl: `sock(40, 1, 0)`, expect: noFamily },
  { id: 'E30', tries: 'a packet socket', perl: `sock(17, 3, 0)`, expect: noFamily },
  ...all('E30', 'a raw socket, family', ['2', '10'], (family) => `sock(${family}, 3, 1)`, noFamily),
  ...all('E31', 'netlink protocol', ['4', '6', '9', '12', '15', '16'], (protocol) => `sock(16, 3, ${protocol})`, noFamily),
  ...all(
    'E32',
    'a socket of family',
    ['38', '15', '44', '30', '21', '29', '31', '33'],
    (family) => `sock(${family}, 5, 0)`,
    noFamily,
  ),
  {
    id: 'E33',
    tries: 'abstract sockets of the host',
    perl: `my @found = lines('/proc/net/unix'); scalar(grep { /@/ } @found)`,
    expect: /^0$/,
  },
  ...all(
    'E34',
    'sockets of servers',
    [
      '/run/docker.sock',
      '/var/run/docker.sock',
      '/run/systemd/private',
      '/run/dbus/system_bus_socket',
      '/run/containerd/containerd.sock',
    ],
    (place) => `exists_at('${place}')`,
    absent,
  ),
  ...all(
    'E35',
    'secrets of the host',
    ['/etc/shadow', '/root', '/home/sbx_user1051', '/var/lib', '/work', '/proc/1/environ', '/proc/1/root', '/proc/1/cwd'],
    (place) => `opens('${place}')`,
    closed,
  ),
  {
    id: 'E38',
    tries: 'filling /tmp',
    perl: `my $e = qx(head -c 64M /dev/zero 2>&1 >/tmp/full); unlink '/tmp/full'; $e =~ /No space/ ? 'ENOSPC' : "OK $e"`,
    expect: /^ENOSPC$/,
  },
  {
    id: 'E39',
    tries: 'a million empty files',
    perl: `mkdir '/tmp/n'; my $n = 0; while ($n < 1e6 && open(my $f, '>', "/tmp/n/$n")) { $n++ } my $e = name(); qx(rm -rf /tmp/n); $n < 1e5 ? $e : "OK $n"`,
    expect: /^ENOSPC$/,
  },
  ...all(
    'E40',
    'devices',
    [
      'kvm',
      'fuse',
      'loop0',
      'loop-control',
      'vda',
      'sda',
      'vsock',
      'vhost-net',
      'mem',
      'port',
      'net/tun',
      'tty0',
      'tty1',
      'console',
      'mapper/control',
    ],
    (device) => `opens('/dev/${device}')`,
    closed,
  ),
  {
    id: 'E40',
    tries: 'making a device',
    perl: `my $p = "/tmp/dev\\0"; call('mknod', $p, 0020666, 0x0103)`,
    expect: /^(EPERM|ENOSYS)$/,
  },
  {
    id: 'E42',
    tries: 'seeing processes of others',
    perl: `my @p = grep { m{/\\d+$} } glob '/proc/*'; @p < 6 ? 'own' : scalar @p`,
    expect: /^own$/,
  },
  ...all(
    'E43',
    'kernel settings',
    [
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/kernel/hostname',
      '/proc/sys/vm/drop_caches',
      '/proc/sysrq-trigger',
      '/proc/sys/net/ipv4/ip_forward',
      '/proc/1/oom_score_adj',
    ],
    (place) => `open(my $f, '>', '${place}') ? 'OK' : name()`,
    closed,
  ),
  {
    id: 'E43',
    tries: 'being spared by the out-of-memory killer',
    perl: `open(my $f, '>', '/proc/self/oom_score_adj'); defined syswrite($f, '-1000') ? 'OK' : name()`,
    expect: refused,
  },
  ...all(
    'E44',
    'windows into the kernel',
    ['kallsyms', 'keys', 'key-users', 'timer_list', 'sched_debug', 'kcore', 'slabinfo', 'modules', 'kpagecount', 'vmallocinfo'],
    (name) => `my @l = eval { lines('/proc/${name}') }; @l ? 'lines' : 'empty'`,
    /^empty$/,
  ),
  ...all(
    'E44',
    'windows into firmware',
    ['/sys/firmware', '/sys/class/powercap', '/sys/kernel', '/proc/acpi/wakeup'],
    (place) => `opens('${place}')`,
    closed,
  ),
  { id: 'E45', tries: 'the tree of control groups', perl: `exists_at('/sys/fs/cgroup')`, expect: absent },
  {
    id: 'E46',
    tries: 'overwriting the program that let it in',
    perl: `open(my $f, '+<', '/run/mayfly/enter') ? 'OK' : name()`,
    expect: /^(EROFS|EACCES|ETXTBSY)$/,
  },
  { id: 'E46', tries: 'overwriting bubblewrap', perl: `open(my $f, '+<', '/proc/1/exe') ? 'OK' : name()`, expect: closed },
  {
    id: 'E47',
    tries: 'descriptors it was not given',
    perl: `opendir(my $d, '/proc/self/fd'); my $own = fileno($d); join ' ', sort grep { /^\\d+$/ && $_ != $own && readlink("/proc/self/fd/$_") !~ m{/probes\\.pl$} } readdir $d`,
    expect: /^0 1 2$/,
  },
  {
    id: 'E49',
    tries: 'leaving a core',
    perl: `my $pid = fork; if (!$pid) { kill 'SEGV', $$; sleep 1; exit } waitpid $pid, 0; ($? & 128) ? 'core' : 'no core'`,
    expect: /^no core$/,
  },
  {
    id: 'E51',
    tries: 'a hundred thousand files',
    perl: `my @f; while (@f < 1e5 && open(my $f, '<', '/dev/null')) { push @f, $f } my $e = name(); @f < 1100 ? $e : 'OK'`,
    expect: /^EMFILE$/,
  },
  { id: 'E57', tries: 'shared memory of others', perl: `my @l = lines('/proc/sysvipc/shm'); scalar @l`, expect: /^1$/ },
  { id: 'E59', tries: 'ending its first process', perl: `kill('KILL', 1) ? 'OK' : name()`, expect: /^EPERM$/ },
  { id: 'E60', tries: 'a better place in the queue', perl: `call('setpriority', 0, 0, -20)`, expect: refused },
  { id: 'E60', tries: 'real time', perl: `my $p = pack('l', 50); call('sched_setscheduler', 0, 1, $p)`, expect: refused },
  ...all(
    'E61',
    "the cloud's metadata",
    ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16'],
    (address) => `dial('${address}', 80)`,
    /^(ENETUNREACH|EACCES|EHOSTUNREACH|ECONNREFUSED)$/,
  ),
  ...all(
    'E62',
    'the host by address',
    ['10.0.0.1', '172.17.0.1', '192.168.0.1', '8.8.8.8'],
    (address) => `dial('${address}', 53)`,
    /^(ENETUNREACH|EACCES|EHOSTUNREACH|ECONNREFUSED)$/,
  ),
  { id: 'E62', tries: "the host's loopback", perl: `dial('127.0.0.1', $ENV{HOST_PORT})`, expect: /^ECONNREFUSED$/ },
  {
    id: 'E63',
    tries: 'any network but its own',
    perl: `join ' ', grep { /:/ } map { (split)[0] } lines('/proc/net/dev')`,
    expect: /^lo:$/,
  },
  { id: 'E73', tries: 'variables of its first process', perl: `opens('/proc/1/environ')`, expect: closed },
  {
    id: 'E73',
    tries: 'paths of the host in its first process',
    perl: `join('', lines('/proc/1/cmdline')) =~ m{sandboxes} ? 'told' : 'nothing'`,
    expect: /^nothing$/,
  },
];

/** The numbers of x64 and arm64 for every name used above. */
const numbers: Readonly<Record<string, readonly [number, number]>> = {
  unshare: [272, 97],
  clone: [56, 220],
  clone3: [435, 435],
  setns: [308, 268],
  chroot: [161, 51],
  pivot_root: [155, 41],
  mount: [165, 40],
  umount2: [166, 39],
  fsopen: [430, 430],
  fsmount: [432, 432],
  open_tree: [428, 428],
  move_mount: [429, 429],
  mount_setattr: [442, 442],
  bpf: [321, 280],
  io_uring_setup: [425, 425],
  userfaultfd: [323, 282],
  perf_event_open: [298, 241],
  add_key: [248, 217],
  keyctl: [250, 219],
  request_key: [249, 218],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  fanotify_init: [300, 262],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  syslog: [103, 116],
  modify_ldt: [154, -1],
  personality: [135, 92],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  acct: [163, 89],
  swapon: [167, 224],
  reboot: [169, 142],
  quotactl: [179, 60],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  iopl: [172, -1],
  ioperm: [173, -1],
  seccomp: [317, 277],
  mknod: [133, -1],
  setpriority: [141, 140],
  sched_setscheduler: [144, 119],
};

/** One script for all of them: a line for each probe, its answer in the order of the list. */
export function probeScript(list: readonly Probe[]): string {
  const at = process.arch === 'arm64' ? 1 : 0;
  const table = Object.entries(numbers)
    .map(([name, pair]) => `${name} => ${pair[at]}`)
    .join(', ');
  return `use strict; use warnings; no warnings; use Errno; use Socket; use POSIX ();
my $arm = ${at}; my %nr = (${table});
sub name { my $e = 0 + $!; for (keys %!) { return $_ if exists &{"Errno::$_"} && eval { no strict 'refs'; &{"Errno::$_"}() == $e } } return "errno $e" }
sub call { my ($n, @a) = @_; return 'ENOSYS' if $nr{$n} < 0; @a = map { "$_" =~ /^-?\\d+$/ ? 0 + $_ : "$_\\0" } @a; push @a, 0 while @a < 5; return syscall($nr{$n}, @a[0 .. 4]) < 0 ? name() : 'OK' }
sub status { my ($k) = @_; return (grep { /^$k:/ } lines('/proc/self/status'))[0] }
sub lines { my ($p) = @_; open(my $f, '<', $p) or return (); my @l = <$f>; chomp @l; return @l }
sub opens { my ($p) = @_; if (-d $p) { return opendir(my $d, $p) ? 'OK' : name() } return open(my $f, '<', $p) ? 'OK' : name() }
sub exists_at { my ($p) = @_; return lstat($p) ? 'OK' : name() }
sub sock { my ($f, $t, $p) = @_; return socket(my $s, $f, $t, $p) ? 'OK' : name() }
sub dial { my ($h, $p) = @_; socket(my $s, PF_INET, SOCK_STREAM, 0); local $SIG{ALRM} = sub { die "slow\\n" }; alarm 3; my $r = connect($s, sockaddr_in($p, inet_aton($h))) ? 'OK' : name(); alarm 0; return $r }
sub syswrite_all { my ($fd, $t) = @_; while (length $t) { my $n = POSIX::write($fd, $t, length $t); substr($t, 0, $n, '') } }
$| = 1;
${list.map(({ perl }, index) => `{ my $r = eval { no strict; ${perl} }; $r = "died $@" if $@; $r =~ s/\\s+/ /g; print "${index}\\t$r\\n"; }`).join('\n')}
`;
}

/** What the script said, by the number of the probe. */
export const answersOf = (output: string): ReadonlyMap<number, string> =>
  new Map([...output.matchAll(/^(\d+)\t(.*)$/gm)].map(([, index, answer]) => [Number(index), answer ?? '']));

/** A line for every probe that was not told what it must be told. */
export function wrongAnswers(output: string): string[] {
  const said = answersOf(output);
  return probes.flatMap(({ id, tries, expect }, index) => {
    const answer = said.get(index) ?? 'no answer';
    return expect.test(answer) ? [] : [`${id} ${tries}: ${answer}`];
  });
}
