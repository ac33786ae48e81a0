#!/usr/bin/perl
# The launcher: the one process that makes namespaces, mounts and processes, so that the server never
# spawns. It is Perl because perl-base is on every Debian and Ubuntu, starts in milliseconds, and can
# call the kernel by number. It holds no policy: the server says every flag and path.
#
# It speaks over Node's IPC channel. A request is one JSON string: a number that the reply repeats, then
# steps separated by a bare `;`, each a row of percent-encoded words. Steps run in order until one
# fails; a step that begins with `?` may fail. Replies are JSON objects; descriptors travel beside them as
# Node's NODE_HANDLE messages, one at a time, each acknowledged.
#
# Argument `private`: its mounts live in a mount namespace of its own, and are gone when it is. Argument `user`: the same for an
# ordinary user, who is root in a user namespace of his own.
use strict;
use warnings;
use POSIX ();
use Socket;

my $arm = (POSIX::uname())[4] eq 'aarch64';
my %call = $arm
  ? (sendmsg => 211, signalfd => 74, setns => 268, unshare => 97, mount => 40, umount2 => 39, prlimit => 261, prctl => 167, memfd => 279, open_tree => 428, move_mount => 429, mount_setattr => 442)
  : (sendmsg => 46, signalfd => 289, setns => 308, unshare => 272, mount => 165, umount2 => 166, prlimit => 302, prctl => 157, memfd => 319, open_tree => 428, move_mount => 429, mount_setattr => 442);
my ($CLONE_NEWNET, $CLONE_NEWNS, $MS_BIND, $MS_REC, $MS_SLAVE) = (0x40000000, 0x00020000, 4096, 16384, 1 << 19);
my $MS_REMOUNT_READ_ONLY = 4096 | 32 | 1 | 2 | 4;    # bind, remount, read-only, nosuid, nodev

$^F = 2;    # every descriptor we open closes on exec, unless said otherwise
umask 0;
my $channel_fd = delete $ENV{NODE_CHANNEL_FD};
open(my $channel, '+<&=', $channel_fd) or die "no channel: $!";
$_ == $channel_fd or POSIX::close($_) for 3 .. 1023;    # what our starter left open is not for functions
fcntl($channel, 4, fcntl($channel, 3, 0) & ~2048);    # blocking: there is nothing else to do
my $mode = $ARGV[0] // '';
%ENV = ();

my $linux = $^O eq 'linux';
my $home_ns;
if ($mode eq 'user') {
    # A network too: from here nobody may go back to the host's, and `home` must be a place we may go to.
    my ($user, $group) = ($> + 0, $) + 0);
    syscall($call{unshare}, 0x10000000 | $CLONE_NEWNET) == 0 or die "unshare: $!\n";
    for (['setgroups', 'deny'], ['uid_map', "0 $user 1"], ['gid_map', "0 $group 1"]) {
        open(my $file, '>', "/proc/self/$$_[0]") or die "$$_[0]: $!\n";
        syswrite($file, $$_[1]) // die "$$_[0]: $!\n";
    }
}
if ($linux) {
    open($home_ns, '<', '/proc/self/ns/net') or die "no network namespace: $!";
    # Children of a box's dead parent come to us, so that nobody is left to a host's init that may not reap.
    syscall($call{prctl}, 36, 1, 0, 0, 0);
}
# Mounts made from here on are seen by nobody outside; what the host mounts is still seen here.
sub own_mounts {
    my $root = "/\0";
    syscall($call{unshare}, $CLONE_NEWNS) == 0 or die "unshare: $!";
    syscall($call{mount}, 0, $root, 0, $MS_REC | $MS_SLAVE, 0) == 0 or die "slave: $!";
}
own_mounts() if $mode eq 'private' || $mode eq 'user';

my (%netns, %children, %groups, %step, @lines, $buffer);
$buffer = '';
my $last_rows = '';

# Ends of children are read like requests: Perl's handlers either come too late for a call that waits, or at once,
# in the middle of whatever Perl does, which has crashed it.
my $ends_of_children = POSIX::SigSet->new(POSIX::SIGCHLD());
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $ends_of_children);
my $set = pack('Q', 1 << (POSIX::SIGCHLD() - 1));
my $children_fd = syscall($call{signalfd}, -1, $set, length $set, 02000000 | 04000);    # closes on exec, does not block
$children_fd >= 0 or die "signalfd: $!";

# What a child of ours leaves behind before it becomes another program.
sub ordinary_signals {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
    POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $ends_of_children);
}

# Our end is the server's decision, or the end of the server.
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = 'IGNORE';

# The server has gone: nothing it started may live on.
sub quit {
    kill 'KILL', keys %children;
    # The frozen hear it only now.
    for my $group (keys %groups) {
        for (['freezer.state', 'THAWED'], ['cgroup.freeze', '0']) {
            eval { spew("$group/$$_[0]", $$_[1]) } if -e "$group/$$_[0]";
        }
    }
    for (1 .. 100) {
        while (waitpid(-1, POSIX::WNOHANG()) > 0) { }
        last if $!{ECHILD};
        select(undef, undef, undef, 0.01);
    }
    rmdir for sort { length $b <=> length $a } keys %groups;
    eval { perform(0, $last_rows) };
    POSIX::_exit(0);
}

# Steps separated by a bare `;`. Returns what they said, and the fault of the one that ended the row.
sub perform {
    my ($n, $rows) = @_;
    my $result = '';
    for my $row (split / ; /, $rows) {
        my ($name, @words) = map { s/%([0-9A-Fa-f]{2})/chr hex $1/ger } split / /, $row, -1;
        my $may_fail = $name =~ s/^\?//;
        my $run = $step{$name};
        my $said = eval { $run ? $run->($n, @words) : die "unknown step $name" };
        if (defined $said) { $result .= $said; next }
        return ($result, $@) unless $may_fail;
    }
    return ($result, '');
}

sub out {
    my ($line) = @_;
    $line .= "\n";
    while (length $line) {
        my $n = syswrite($channel, $line) // quit();
        substr($line, 0, $n, '');
    }
}

# One line of the channel; undef when children ended first. Ends the process when the server has gone.
sub next_line {
    while (1) {
        return $1 if $buffer =~ s/^([^\n]*)\n//;
        my $ready = '';
        vec($ready, $_, 1) = 1 for $channel_fd, $children_fd;
        next if select($ready, undef, undef, undef) < 1;
        return undef if vec($ready, $children_fd, 1) && POSIX::read($children_fd, my $told, 128);
        sysread($channel, $buffer, 65536, length $buffer) or quit() if vec($ready, $channel_fd, 1);
    }
}

sub json_text { my $t = shift; $t =~ s/([\\"\x00-\x1f])/sprintf('\\u%04x', ord $1)/ge; return "\"$t\"" }

# Sends one descriptor; Node takes no second one before it has acknowledged the first.
sub send_handle {
    my ($fd, $type, $message) = @_;
    my $line = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"$type\",\"msg\":$message}\n";
    if ($linux) {
        my $iov = pack('P Q', $line, length $line);
        my $control = pack('Q l l l x4', 20, 1, 1, $fd);
        my $header = pack('Q Q P Q P Q Q', 0, 0, $iov, 1, $control, length $control, 0);
        syscall($call{sendmsg}, fileno($channel), $header, 0) == length($line) or quit();
    }
    while (1) {
        my $answer = next_line();
        next unless defined $answer;
        last if $answer =~ /"NODE_HANDLE_(ACK|NACK)"/;
        push @lines, $answer;
    }
}

sub reap {
    while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) {
        my ($code, $signal) = ($? >> 8, $? & 127);
        next unless delete $children{$pid};    # an orphan of a box
        out(sprintf '{"exit":%d,"code":%d,"signal":%d}', $pid, $code, $signal);
    }
}

# A listening socket of the current network namespace.
sub listener {
    my ($port) = @_;
    socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($s, sockaddr_in($port, inet_aton('127.0.0.1'))) or die "bind: $!";
    listen($s, 511) or die "listen: $!";
    return $s;
}

sub spew {
    my ($file, $text) = @_;
    my $fd = POSIX::open($file, POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_TRUNC(), 0644) // die "$file: $!";
    my $n = length $text ? POSIX::write($fd, $text, length $text) : 0;
    my $fault = "$!";
    POSIX::close($fd);
    die "$file: $fault" unless defined $n;
}

# A file in memory that a program we start reads as its descriptor number `$want`.
sub memory_file {
    my ($text, $want) = @_;
    my $name = "box\0";
    my $fd = syscall($call{memfd}, $name, 0);
    die "memfd: $!" if $fd < 0;
    while (length $text) {
        my $n = POSIX::write($fd, $text, length $text) // die "memfd: $!";
        substr($text, 0, $n, '');
    }
    POSIX::lseek($fd, 0, 0);
    if ($fd != $want) { POSIX::dup2($fd, $want); POSIX::close($fd) }
}

# A connection to a unix socket as our descriptor number `$want`; its reads end with EAGAIN after a moment without news. The
# folder is entered, because a name may be long.
sub connected {
    my ($path, $want) = @_;
    my ($folder, $name) = $path =~ m{^(.*/)([^/]+)$} or die "$path: no socket\n";
    socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
    chdir($folder) && connect($socket, pack_sockaddr_un($name)) or die "connect $path: $!";
    chdir('/');
    setsockopt($socket, SOL_SOCKET, SO_RCVTIMEO, pack('q q', 0, 50_000)) or die "setsockopt: $!";
    POSIX::dup2(fileno($socket), $want) // die "dup2: $!";    # ours may not be `$want`: that is the channel to the server
}

# Takes the right to write away from a mount and all below it.
sub read_only {
    my ($path) = @_;
    my ($p, $attributes) = ("$path\0", pack('Q Q Q Q', 1 | 2 | 4, 0, 0, 0));
    return if syscall($call{mount_setattr}, -100, $p, 0x8000, $attributes, 32) == 0;
    die "mount_setattr $path: $!" unless $!{ENOSYS};
    # Before Linux 5.12, one by one.
    open(my $table, '<', '/proc/self/mounts') or die "mounts: $!";
    for my $mount (map { my $m = (split / /)[1]; $m =~ s/\\(\d{3})/chr oct $1/ger } <$table>) {
        next unless $mount eq $path || index($mount, "$path/") == 0;
        my $m = "$mount\0";
        syscall($call{mount}, 0, $m, 0, $MS_REMOUNT_READ_ONLY, 0) == 0 or die "remount $mount: $!";
    }
}

# A mount that shows one user's and one group's files as another's; the map is a user namespace, held for a moment.
sub mount_owned {
    my ($source, $target, $user, $uid, $gid) = @_;
    pipe(my $ready, my $made) && pipe(my $wait, my $hold) or die "pipe: $!";
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        close $hold;
        POSIX::_exit(1) unless syscall($call{unshare}, 0x10000000) == 0;
        syswrite($made, '.');
        sysread($wait, my $end, 1);
        POSIX::_exit(0);
    }
    close $made;
    my $done = eval {
        sysread($ready, my $dot, 1) or die "unshare\n";
        spew("/proc/$pid/uid_map", "$uid $user 1\n");
        spew("/proc/$pid/gid_map", "$gid $user 1\n");
        open(my $map, '<', "/proc/$pid/ns/user") or die "user namespace: $!";
        my ($from, $to, $none) = ("$source\0", "$target\0", "\0");
        my $tree = syscall($call{open_tree}, -100, $from, 1 | 02000000);
        $tree >= 0 or die "open_tree: $!";
        my $attributes = pack('Q Q Q Q', 0x100000 | 2 | 4, 0, 0, fileno($map));
        my $good = syscall($call{mount_setattr}, $tree, $none, 0x1000, $attributes, 32) == 0
            && syscall($call{move_mount}, $tree, $none, -100, $to, 4) == 0;
        my $why = $!;
        POSIX::close($tree);
        $good or die "idmap: $why\n";
        1;
    };
    my $fault = $@;
    close $hold;
    waitpid($pid, 0);
    $done or die $fault;
}

# Copies what is not a hole, so that a file system of gigabytes that holds nothing is made in a moment.
sub sparse_copy {
    my ($from, $to) = @_;
    my $in = POSIX::open($from, POSIX::O_RDONLY()) // die "$from: $!";
    my $out = POSIX::open($to, POSIX::O_RDWR() | POSIX::O_CREAT() | POSIX::O_TRUNC(), 0600) // die "$to: $!";
    my $end = POSIX::lseek($in, 0, 2);
    truncate_to($out, $end);
    my $at = 0;
    while ($at < $end && ($at = POSIX::lseek($in, $at, 3)) >= 0) {    # SEEK_DATA; -1 when only a hole is left
        my $stop = POSIX::lseek($in, $at, 4) + 0;    # SEEK_HOLE
        POSIX::lseek($_, $at, 0) for $in, $out;
        while ($at < $stop) {
            my $n = POSIX::read($in, my $block, $stop - $at < 65536 ? $stop - $at : 65536) or die "$from: $!";
            POSIX::write($out, $block, $n) == $n or die "$to: $!";
            $at += $n;
        }
    }
    POSIX::close($in);
    return $out;
}

sub truncate_to {
    my ($fd, $size) = @_;
    open(my $file, '+<&', $fd) or die "dup: $!";
    truncate($file, $size) or die "truncate: $!";
}

# A block device out of a file; it goes when it is unmounted. Another process may be faster to a free one.
sub loop_device {
    my ($file) = @_;
    my $AUTOCLEAR_DIRECT = 4 | 16;
    for (1 .. 16) {
        open(my $control, '+<', '/dev/loop-control') or die "loop-control: $!";
        my $number = ioctl($control, 0x4C82, 0) // die "no free loop device: $!";
        my $name = '/dev/loop' . (0 + $number);
        open(my $device, '+<', $name) or die "$name: $!";
        # struct loop_config: the file, block size, loop_info64 with its flags at 60, reserved words
        my $config = pack('L L x52 L x176 x64', $file, 4096, $AUTOCLEAR_DIRECT);
        return ($name, $device) if ioctl($device, 0x4C0A, $config);
        die "$name: $!" unless $!{EBUSY};
    }
    die 'no free loop device';
}

# A pipe from a process of this user to the server.
sub output_pipe {
    my ($user) = @_;
    pipe(my $read, my $write) or die "pipe: $!";
    # the server's event loop reads on after a full buffer: a pipe that blocks would hold up everything
    fcntl($read, 4, fcntl($read, 3, 0) | 2048) or die "fcntl: $!";
    chown($user, $user, $write);
    return ($read, $write);
}

sub in_network {
    my ($id, $work) = @_;
    my $ns = $netns{$id} or die "no such network: $id";
    syscall($call{setns}, fileno($ns), $CLONE_NEWNET) == 0 or die "setns: $!";
    my $result = eval { $work->() };
    my $fault = $@;
    syscall($call{setns}, fileno($home_ns), $CLONE_NEWNET) == 0 or quit();
    die $fault if $fault;
    return $result;
}

sub number_of {
    my ($socket, $name) = @_;
    return fileno($netns{$1} // die "no such network: $1") if $name =~ /^netns:(.*)/;
    my $ifreq = pack('a16 x24', $name);
    ioctl($socket, 0x8933, $ifreq) or die "$name: $!";    # SIOCGIFINDEX
    return unpack('x16 l', $ifreq);
}

%step = (
    # id port port: a private network with `lo` up and two listeners, which go to the server
    netns => sub {
        my ($n, $id, @ports) = @_;
        syscall($call{unshare}, $CLONE_NEWNET) == 0 or die "unshare: $!";
        my $made = eval {
            socket(my $s, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
            my $ifreq = pack('a16 s x22', 'lo', 0x41);    # IFF_UP | IFF_RUNNING
            ioctl($s, 0x8914, $ifreq) or die "lo: $!";    # SIOCSIFFLAGS
            my @sockets = map { listener($_) } @ports;
            open($netns{$id}, '<', '/proc/self/ns/net') or die "netns: $!";
            \@sockets;
        };
        my $fault = $@;
        syscall($call{setns}, fileno($home_ns), $CLONE_NEWNET) == 0 or quit();
        die $fault unless $made;
        my $i = 0;
        send_handle(fileno($_), 'net.Server', sprintf('{"re":%d,"part":%d}', $n, $i++)) for @$made;
        return '';
    },
    drop => sub { my ($n, $id) = @_; delete $netns{$id}; return '' },
    # id port: a connection to a listener inside, which goes to the server. Loopback shakes hands at once; whoever
    # does not, is refused, so that a full queue inside holds nobody up.
    connect => sub {
        my ($n, $id, $port) = @_;
        my $connection = in_network($id, sub {
            socket(my $s, PF_INET, SOCK_STREAM | POSIX::O_NONBLOCK(), 0) or die "socket: $!";
            return $s if connect($s, sockaddr_in($port, inet_aton('127.0.0.1')));
            die "connect: $!" unless $!{EINPROGRESS};
            my $ready = '';
            vec($ready, fileno($s), 1) = 1;
            die 'connect: nobody answers' unless select(undef, $ready, undef, 0.001);
            my $error = unpack('i', getsockopt($s, SOL_SOCKET, SO_ERROR));
            if ($error) { $! = $error; die "connect: $!" }
            return $s;
        });
        send_handle(fileno($connection), 'net.Socket', sprintf('{"re":%d,"part":0}', $n));
        return '';
    },
    # source target type flags data; a bare `-` is null
    mount => sub {
        my ($n, $source, $target, $type, $flags, $data) = @_;
        my @p = map { $_ eq '-' ? 0 : "$_\0" } ($source, $target, $type);
        my $d = $data eq '-' ? 0 : "$data\0";
        syscall($call{mount}, $p[0], $p[1], $p[2], 0 + $flags, $d) == 0 or die "mount $source $target: $!";
        return '';
    },
    # template image target data: a copy of a file system, mounted; the image has no name any more
    disk => sub {
        my ($n, $template, $image, $target, $data) = @_;
        my $file = sparse_copy($template, $image);
        my $done = eval {
            my ($name, $device) = loop_device($file);
            my ($from, $to, $type, $d) = map { "$_\0" } $name, $target, 'ext4', $data;
            syscall($call{mount}, $from, $to, $type, 2 | 4, $d) == 0 or die "mount $name: $!";
            chmod(01777, $target);
            rmdir("$target/lost+found");
            1;
        };
        my $fault = $@;
        POSIX::close($file);
        unlink $image;
        die $fault unless $done;
        return '';
    },
    # source target user: a folder of the host in which a box's user is the folder's owner, so that what any box
    # writes is his. Not where the owner is root, nor where the kernel or the file system cannot: it is bound as it is.
    owned => sub {
        my ($n, $source, $target, $user) = @_;
        my ($uid, $gid) = (stat $source)[4, 5];
        defined $uid && -d _ or die "$source: no folder\n";
        return '' if $uid && eval { mount_owned($source, $target, $user, $uid, $gid); 1 };
        my ($from, $to) = ("$source\0", "$target\0");
        syscall($call{mount}, $from, $to, 0, $MS_BIND, 0) == 0 or die "mount $source $target: $!";
        syscall($call{mount}, 0, $to, 0, $MS_BIND | 32 | 2 | 4, 0) == 0 or die "remount $target: $!";
        return '';
    },
    readonly => sub { my ($n, $path) = @_; read_only($path); return '' },
    umount => sub {
        my ($n, $target, $flags) = @_;
        my $t = "$target\0";
        syscall($call{umount2}, $t, 0 + $flags) == 0 or die "umount $target: $!";
        return '';
    },
    mkdir => sub { my ($n, $path, $mode) = @_; mkdir($path, oct $mode) or $!{EEXIST} or die "mkdir $path: $!"; return '' },
    rmdir => sub { my ($n, $path) = @_; rmdir($path) or $!{ENOENT} or die "rmdir $path: $!"; return '' },
    # A control group: it would outlive us, so we remember it. The server takes it away when it can.
    group => sub {
        my ($n, $path) = @_;
        mkdir($path) or $!{EEXIST} or die "group $path: $!";
        $groups{$path} = 1;
        return '';
    },
    forget => sub { my ($n, @paths) = @_; delete @groups{@paths}; return '' },
    # steps, encoded as in a request: what to do at our own end, instead of what was to be done until now
    last => sub { my ($n, $rows) = @_; $last_rows = $rows; return '' },
    symlink => sub { my ($n, $to, $path) = @_; symlink($to, $path) or die "symlink $path: $!"; return '' },
    write => sub { my ($n, $path, $text) = @_; spew($path, $text); return '' },
    chmod => sub { my ($n, $path, $mode) = @_; chmod(oct $mode, $path) or die "chmod $path: $!"; return '' },
    # id message…: rtnetlink messages, each acknowledged before the next; their bytes in hex, then, after commas, where in
    # them which number belongs: `16=eth0` that of an interface, `92=netns:x` the descriptor of a network
    netlink => sub {
        my ($n, $id, @messages) = @_;
        my $work = sub {
            socket(my $names, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
            socket(my $kernel, 16, SOCK_RAW, 0) or die "netlink: $!";
            for (@messages) {
                my ($hex, @named) = split /,/;
                my $message = pack('H*', $hex);
                for (@named) {
                    my ($at, $name) = split /=/, $_, 2;
                    substr($message, $at, 4) = pack('l', number_of($names, $name));
                }
                send($kernel, $message, 0) // die "netlink: $!";
                my $answer = '';
                recv($kernel, $answer, 4096, 0) // die "netlink: $!";
                my ($type, $error) = unpack('x4 S x10 l', $answer);
                next if $type == 2 && $error == 0;
                $! = -$error;
                die "netlink $hex: $!";
            }
            return '';
        };
        return $id eq '-' ? $work->() : in_network($id, $work);
    },
    # input command…: runs a program of the host to its end
    run => sub {
        my ($n, $input, @command) = @_;
        pipe(my $read, my $write) or die "pipe: $!";
        my $pid = fork() // die "fork: $!";
        if ($pid == 0) {
            ordinary_signals();
            memory_file($input, 0);
            POSIX::dup2(fileno($write), $_) for 1, 2;
            { no warnings 'exec'; exec { $command[0] } @command }
            POSIX::_exit(127);
        }
        close $write;
        my $said = '';
        1 while sysread($read, $said, 4096, length $said);
        waitpid($pid, 0);
        $? == 0 or die "$command[0] failed: " . substr($said, 0, 400);
        return ',"said":' . json_text(substr($said, 0, 4096));
    },
    # netns-id user files nice framed-log connection seccomp cgroup-files… -- number (source target)… number argument… command…: binds, or
    # with the source `-` unmounts, which only the command sees; arguments that reach it as a file on descriptor 8, out of sight of the host's `ps`. Its
    # output goes to the server as a pipe, which the user owns, so that programs may open /dev/stdout again; so does what it
    # writes to the descriptor `framed-log`, unless that is `-`. The unix socket `connection` is connected to its descriptor 3
    start => sub {
        my ($n, $id, $user, $files, $nice, $log_fd, $connection, $seccomp, @rest) = @_;
        my (@groups, @arguments);
        push @groups, shift @rest while @rest && $rest[0] ne '--';
        shift @rest;
        my @binds = splice @rest, 0, 2 * shift @rest;
        @arguments = splice @rest, 0, shift @rest;
        my $ns = $netns{$id};
        die "no such network: $id" if $id ne '-' && !$ns;
        my ($read, $write) = output_pipe($user);
        my ($log_read, $log_write) = $log_fd eq '-' ? () : output_pipe($user);
        pipe(my $gate, my $ready) or die "pipe: $!";
        my $pid = fork() // die "fork: $!";
        if ($pid == 0) {
            my $ok = eval {
                # Not a step before we are in all our groups: whoever empties them must find us. `0` is
                # ourselves, alone; the kernel then needs none of its wide locks.
                spew($_, '0') for @groups;
                syswrite($ready, '.');
                if ($ns) { syscall($call{setns}, fileno($ns), $CLONE_NEWNET) == 0 or die "setns: $!" }
                own_mounts() if @binds;
                while (my ($source, $target) = splice @binds, 0, 2) {
                    my ($from, $to) = ("$source\0", "$target\0");
                    if ($source eq '-') {
                        syscall($call{umount2}, $to, 2) == 0 or die "umount $target: $!";
                        next;
                    }
                    syscall($call{mount}, $from, $to, 0, $MS_BIND | $MS_REC, 0) == 0 or die "mount $source $target: $!";
                }
                POSIX::setsid();
                POSIX::nice($nice) if $nice;
                open(STDIN, '<', '/dev/null');
                POSIX::dup2(fileno($write), 1);
                POSIX::dup2(fileno($write), 2);
                POSIX::dup2(fileno($log_write), $log_fd) if $log_write;
                if ($seccomp ne '-') {
                    # POSIX::open, because a Perl handle closes itself at the end of its block, and its
                    # descriptor may well be 9 already.
                    my $f = POSIX::open($seccomp, POSIX::O_RDONLY()) // die "$seccomp: $!";
                    if ($f != 9) { POSIX::dup2($f, 9); POSIX::close($f) }
                }
                memory_file(join('', map { "$_\0" } @arguments), 8) if @arguments;
                connected($connection, 3) if $connection ne '-';
                my ($nofile, $core, $queue) = (pack('Q Q', $files, $files), pack('Q Q', 0, 0), pack('Q Q', 0, 0));
                syscall($call{prlimit}, 0, 7, $nofile, 0);
                syscall($call{prlimit}, 0, 4, $core, 0);
                syscall($call{prlimit}, 0, 12, $queue, 0);
                ordinary_signals();
                1;
            };
            if ($ok) { no warnings 'exec'; exec { $rest[0] } @rest }
            print STDERR 'Mayfly could not start the process: ', $@ || "$rest[0]: $!", "\n";
            POSIX::_exit(127);
        }
        close $write;
        close $log_write if $log_write;
        close $ready;
        sysread($gate, my $word, 1) or die 'the process could not join its control groups';
        $children{$pid} = 1;
        send_handle(fileno($read), 'net.Socket', sprintf('{"re":%d,"part":0}', $n));
        send_handle(fileno($log_read), 'net.Socket', sprintf('{"re":%d,"part":1}', $n)) if $log_read;
        return ",\"pid\":$pid";
    },
);

out('{"ready":1}');
while (1) {
    reap();
    my $line = @lines ? shift @lines : next_line();
    next unless defined $line;
    next unless $line =~ /^"(\d+) (.*)"$/;
    my $n = $1;
    my ($result, $fault) = perform($n, $2);
    $fault =~ s/ at \S+ line \d+\.\n//;
    out($fault eq '' ? "{\"re\":$n$result}" : "{\"re\":$n,\"error\":" . json_text($fault) . '}');
}
