#!/usr/bin/perl
# The launcher: a few kilobytes that start every command of one helper and outlive it.
#
# A helper (Node) cannot be the parent of a command: were it killed, nobody would learn the exit code. So it keeps one
# launcher, which forks a *reaper* for each unit. The reaper is the command's parent and subreaper of all it starts,
# ignores every signal it can, and writes the ending into the unit's `process` record: one write in place into blocks
# that were reserved before, so it needs neither the helper, nor the daemon, nor free disk space. Perl, because it is
# on every Debian (perl-base is essential), forks in 0.3 ms and costs about 100 kB a unit.
#
# stdin:  frames "<bytes>\n<payload>", the payload fields joined by NUL.
#         env NAME=VALUE...
#         start UNIT FENCE DIR OUTPUT CWD UID GID GROUPS ENVALLOW ARGC ARGV...     (empty text = not set)
# stdout: lines, each one write:
#         started UNIT FENCE REAPER REAPERSTART PID PIDSTART
#         refused UNIT FENCE                         another fence owns the unit; nothing was run
#         failed UNIT FENCE ERRNO STAGE              nothing was run; STAGE is record, stdin, output, user, cwd or exec
#         ended UNIT FENCE
# `process` record: three slots of 128 bytes (see ../unit/process-record.ts).
use strict;
use warnings;
use Fcntl qw(:flock O_RDWR O_RDONLY O_WRONLY O_CREAT O_APPEND SEEK_SET);
use POSIX ();

my $SLOT = 128;
# prctl has no wrapper in core Perl; its number depends on the machine.
my %prctl = (x86_64 => 157, aarch64 => 167, riscv64 => 167, armv7l => 172, armv6l => 172, i686 => 172, i386 => 172,
    ppc64le => 171, s390x => 172, loongarch64 => 167);
my $PRCTL = $prctl{ (POSIX::uname())[4] };
my $PR_SET_CHILD_SUBREAPER = 36;

my $boot = slurp('/proc/sys/kernel/random/boot_id');
chomp $boot;
binmode STDIN;
$0 = 'farhand-launcher';
$SIG{CHLD} = 'IGNORE';     # finished reapers vanish by themselves
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT PIPE);

while (defined(my $frame = read_frame())) {
    my ($kind, @fields) = split /\0/, $frame, -1;
    if ($kind eq 'env') { %ENV = map { split /=/, $_, 2 } @fields; next }
    my $reaper = fork;
    if (!defined $reaper) { report("failed $fields[0] $fields[1] " . ($! + 0) . " record"); next }
    next if $reaper;
    close STDIN;
    mind(@fields);
    POSIX::_exit(0);
}

# One unit, from its reserved record to the last of its processes.
sub mind {
    my ($unit, $fence, $dir, $output, $cwd, $uid, $gid, $groups, $env_allow, $argc, @argv) = @_;
    $0 = "farhand-reaper $unit";
    $SIG{CHLD} = 'DEFAULT';
    POSIX::setsid();
    syscall($PRCTL, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) if $PRCTL;
    my $failed = sub { report("failed $unit $fence " . ($! + 0) . " $_[0]"); POSIX::_exit(1) };

    sysopen(my $record, "$dir/process", O_RDWR) or $failed->('record');
    flock($record, LOCK_EX) or $failed->('record');
    sysread($record, my $reserved, $SLOT);
    if ($reserved !~ /^reserved \Q$fence\E\s/) { report("refused $unit $fence"); POSIX::_exit(0) }

    sysopen(my $in, "$dir/stdin", O_RDONLY) or $failed->('stdin');
    sysopen(my $out, "$dir/$output", O_WRONLY | O_CREAT | O_APPEND, 0600) or $failed->('output');

    # The command waits on `go` until its record stands, so a record without a launch line means: it never ran.
    pipe(my $go_read, my $go_write) or $failed->('exec');
    pipe(my $error_read, my $error_write) or $failed->('exec');
    my $pid = fork;
    $failed->('exec') unless defined $pid;
    if (!$pid) {
        close $go_write;
        close $error_read;
        POSIX::setpgid(0, 0);
        sysread($go_read, my $go, 1) or POSIX::_exit(126);
        my $stage = become_command($unit, $in, $out, $cwd, $uid, $gid, $groups, $env_allow, \@argv);
        syswrite $error_write, ($! + 0) . " $stage";
        POSIX::_exit(126);
    }
    close $go_read;
    close $error_write;
    my ($my_start, $pid_start) = (start_time($$), start_time($pid));
    write_slot($record, 1, "launch $fence $$ $my_start $pid $pid_start $boot") or do { kill 'KILL', $pid; $failed->('record') };
    flock($record, LOCK_UN);
    syswrite $go_write, 'g';
    close $go_write;
    close $_ for $in, $out;
    sysread($error_read, my $error, 64);
    close $error_read;
    if ($error) {
        waitpid $pid, 0;
        write_slot($record, 2, "failed $fence " . uptime() . " $error");
        report("failed $unit $fence $error");
        POSIX::_exit(1);
    }
    report("started $unit $fence $$ $my_start $pid $pid_start");
    wait_for($pid, $unit, $fence, $record);
}

# Reap the command, record its ending, then stay as parent of what it left behind until that is gone too.
sub wait_for {
    my ($pid, $unit, $fence, $record) = @_;
    while (1) {
        my $gone = waitpid(-1, 0);
        if ($gone == $pid) {
            my $status = $?;
            my $left = waitpid(-1, POSIX::WNOHANG()) == -1 ? 0 : 1;
            write_slot($record, 2, "exit $fence " . uptime() . " $status $left");
            report("ended $unit $fence");
        }
        return if $gone == -1 && !$!{EINTR};
    }
}

# In the child: everything up to exec. Returns the stage that failed, with $! set.
sub become_command {
    my ($unit, $in, $out, $cwd, $uid, $gid, $groups, $env_allow, $argv) = @_;
    POSIX::dup2(fileno($in), 0);
    POSIX::dup2(fileno($out), 1);
    POSIX::dup2(fileno($out), 2);
    if ($env_allow ne '') {
        my %allowed = map { $_ => 1 } split /,/, $env_allow;
        delete @ENV{ grep { !$allowed{$_} } keys %ENV };
    }
    $ENV{FARHAND_UNIT_ID} = $unit;
    if ($uid ne '') {
        $! = 0;
        $) = "$gid $gid $groups";
        return 'user' if $!;
        POSIX::setgid($gid) or return 'user';
        POSIX::setuid($uid) or return 'user';
    }
    if ($cwd ne '') { chdir $cwd or return 'cwd' }
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE CHLD);
    no warnings 'exec';
    exec { $argv->[0] } @$argv;
    return 'exec';
}

sub read_frame {
    defined(my $size = read_to_newline()) or return undef;
    my $frame = '';
    while (length($frame) < $size) {
        my $got = sysread(STDIN, $frame, $size - length($frame), length($frame));
        next if !defined $got && $!{EINTR};
        return undef unless $got;
    }
    return $frame;
}

sub read_to_newline {
    my $line = '';
    while (1) {
        my $got = sysread(STDIN, my $byte, 1);
        next if !defined $got && $!{EINTR};
        return undef unless $got;
        return $line if $byte eq "\n";
        $line .= $byte;
    }
}

# One slot, padded to its size, in a single write in place: whole or not there at all for whoever reads it.
sub write_slot {
    my ($record, $slot, $text) = @_;
    sysseek($record, $slot * $SLOT, SEEK_SET) or return 0;
    return syswrite($record, sprintf('%-' . ($SLOT - 1) . "s\n", $text)) == $SLOT;
}

sub report { syswrite STDOUT, "$_[0]\n" }

# Field 22 of /proc/PID/stat: clock ticks after boot at which the process started.
sub start_time {
    my $stat = slurp("/proc/$_[0]/stat");
    $stat =~ s/^.*\) //s;
    return (split / /, $stat)[19];
}

sub uptime { return (split / /, slurp('/proc/uptime'))[0] }

sub slurp {
    open(my $file, '<', $_[0]) or return '';
    local $/;
    return scalar <$file>;
}
