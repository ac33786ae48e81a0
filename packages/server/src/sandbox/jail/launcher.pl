#!/usr/bin/perl
# The launcher: the one process that makes namespaces, mounts and processes, so that the server never
# spawns. It is Perl because perl-base is on every Debian and Ubuntu, starts in milliseconds, and can
# call the kernel by number. It holds no policy: the server says every flag and path.
#
# It speaks over Node's IPC channel. A request is one JSON string: words separated by spaces, each
# percent-encoded, the first a number that the reply repeats. Replies are JSON objects; file descriptors
# travel beside a reply as Node's NODE_HANDLE messages, one at a time, each acknowledged.
use strict;
use warnings;
use POSIX ();
use Socket;

my $arm = (POSIX::uname())[4] eq 'aarch64';
my %call = $arm
  ? (sendmsg => 211, setns => 268, unshare => 97, mount => 40, umount2 => 39, prlimit => 261)
  : (sendmsg => 46, setns => 308, unshare => 272, mount => 165, umount2 => 166, prlimit => 302);
my $CLONE_NEWNET = 0x40000000;

$^F = 2;    # every descriptor we open closes on exec, unless said otherwise
my $channel_fd = delete $ENV{NODE_CHANNEL_FD};
open(my $channel, '+<&=', $channel_fd) or die "no channel: $!";
$_ == $channel_fd or POSIX::close($_) for 3 .. 1023;    # what our starter left open is not for functions
fcntl($channel, 4, fcntl($channel, 3, 0) & ~2048);    # blocking: there is nothing else to do
%ENV = ();

open(my $home_ns, '<', '/proc/self/ns/net') or die "no network namespace: $!";
my (%netns, @lines, $buffer);
$buffer = '';

# A signal only has to wake the read below; the loop then reaps.
POSIX::sigaction(&POSIX::SIGCHLD, POSIX::SigAction->new(sub { }, POSIX::SigSet->new, 0));

sub out {
    my ($line) = @_;
    $line .= "\n";
    while (length $line) {
        my $n = syswrite($channel, $line);
        exit 0 unless defined $n || $!{EINTR};
        substr($line, 0, $n // 0, '');
    }
}

# One line of the channel; undef when a signal came first. Ends the process when the server has gone.
sub next_line {
    while (1) {
        return $1 if $buffer =~ s/^([^\n]*)\n//;
        my $n = sysread($channel, $buffer, 65536, length $buffer);
        return undef if !defined $n && $!{EINTR};
        exit 0 if !defined $n || $n == 0;
    }
}

sub json_text { my $t = shift; $t =~ s/([\\"\x00-\x1f])/sprintf('\\u%04x', ord $1)/ge; return "\"$t\"" }

# Sends one descriptor; Node takes no second one before it has acknowledged the first.
sub send_handle {
    my ($fd, $type, $message) = @_;
    my $line = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"$type\",\"msg\":$message}\n";
    my $iov = pack('P Q', $line, length $line);
    my $control = pack('Q l l l x4', 20, 1, 1, $fd);
    my $header = pack('Q Q P Q P Q Q', 0, 0, $iov, 1, $control, length $control, 0);
    syscall($call{sendmsg}, fileno($channel), $header, 0) == length($line) or exit 1;
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

my %command = (
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
        syscall($call{setns}, fileno($home_ns), $CLONE_NEWNET) == 0 or exit 1;
        die $fault unless $made;
        my $i = 0;
        send_handle(fileno($_), 'net.Server', sprintf('{"re":%d,"part":%d}', $n, $i++)) for @$made;
        return '';
    },
    drop => sub { my ($n, $id) = @_; delete $netns{$id}; return '' },
    # source target type flags data; a bare `-` is null
    mount => sub {
        my ($n, $source, $target, $type, $flags, $data) = @_;
        my @p = map { $_ eq '-' ? 0 : "$_\0" } ($source, $target, $type);
        my $d = $data eq '-' ? 0 : "$data\0";
        syscall($call{mount}, $p[0], $p[1], $p[2], 0 + $flags, $d) == 0 or die "mount $target: $!";
        return '';
    },
    umount => sub {
        my ($n, $target, $flags) = @_;
        syscall($call{umount2}, "$target\0", 0 + $flags) == 0 or die "umount $target: $!";
        return '';
    },
    # netns-id user files seccomp cgroup-files… -- command…: its output goes to the server as a pipe,
    # which the user owns, so that programs may open /dev/stdout again
    start => sub {
        my ($n, $id, $user, $files, $seccomp, @rest) = @_;
        my @groups;
        push @groups, shift @rest while @rest && $rest[0] ne '--';
        shift @rest;
        my $ns = $netns{$id};
        die "no such network: $id" if $id ne '-' && !$ns;
        pipe(my $read, my $write) or die "pipe: $!";
        pipe(my $gate, my $opener) or die "pipe: $!";
        chown($user, $user, $write);
        my $pid = fork() // die "fork: $!";
        if ($pid == 0) {
            my $ok = eval {
                # Not a step before we are in all our groups: whoever empties them must find us.
                close $opener;
                sysread($gate, my $word, 1) or die "refused\n";
                if ($ns) { syscall($call{setns}, fileno($ns), $CLONE_NEWNET) == 0 or die "setns: $!" }
                POSIX::setsid();
                open(STDIN, '<', '/dev/null');
                POSIX::dup2(fileno($write), 1);
                POSIX::dup2(fileno($write), 2);
                if ($seccomp ne '-') {
                    # POSIX::open, because a Perl handle closes itself at the end of its block, and its
                    # descriptor may well be 9 already.
                    my $f = POSIX::open($seccomp, POSIX::O_RDONLY()) // die "$seccomp: $!";
                    if ($f != 9) { POSIX::dup2($f, 9); POSIX::close($f) }
                }
                my ($nofile, $core) = (pack('Q Q', $files, $files), pack('Q Q', 0, 0));
                syscall($call{prlimit}, 0, 7, $nofile, 0);
                syscall($call{prlimit}, 0, 4, $core, 0);
                $SIG{CHLD} = 'DEFAULT';
                1;
            };
            if ($ok) { exec { $rest[0] } @rest }
            print STDERR 'Mayfly could not start the process: ', $@ || "$rest[0]: $!", "\n";
            POSIX::_exit(127);
        }
        close $write;
        my $joined = eval {
            for my $group (@groups) {
                open(my $g, '>', $group) or die "$group: $!";
                syswrite($g, $pid) or die "$group: $!";
            }
            1;
        };
        my $fault = $@;
        syswrite($opener, '.') if $joined;
        close $opener;
        die $fault unless $joined;
        send_handle(fileno($read), 'net.Socket', sprintf('{"re":%d,"part":0}', $n));
        return ",\"pid\":$pid";
    },
    kill => sub { my ($n, $pid, $signal) = @_; kill $signal, $pid; return '' },
);

out('{"ready":1}');
while (1) {
    reap();
    my $line = @lines ? shift @lines : next_line();
    next unless defined $line;
    next unless $line =~ /^"(.*)"$/;
    my ($n, $name, @words) = map { s/%([0-9A-Fa-f]{2})/chr hex $1/ger } split / /, $1;
    my $run = $command{$name};
    my $result = eval { $run ? $run->($n, @words) : die "unknown command $name" };
    my $fault = $@;
    $fault =~ s/ at \S+ line \d+\.\n//;
    out(defined $result ? "{\"re\":$n$result}" : "{\"re\":$n,\"error\":" . json_text($fault) . '}');
}
