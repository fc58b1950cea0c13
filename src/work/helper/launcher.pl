#!/usr/bin/perl
# The launcher: a few kilobytes that start every command of one helper and outlive it.
#
# A helper (Node) cannot be the parent of a command: were it killed, nobody would learn the exit code. So it keeps one
# launcher, which forks a *reaper* for each unit. The reaper is the command's parent and the subreaper of all it starts,
# heeds no signal it need not, and writes the ending into the unit's `process` record: one write in place into blocks
# that were reserved before, so it needs neither the helper, nor the daemon, nor free disk space. Perl, because it is on
# every Debian (perl-base is essential). A reaper lives in the pages it shares with the launcher and pays for each one it
# touches, so nothing here loads a module it can do without, and what can be done before a fork is done before it.
#
# stdin:  frames "<bytes>\n<payload>", the payload fields joined by NUL.
#         env NAME=VALUE...
#         start UNIT FENCE DIR OUTPUT CWD UID GID GROUPS ENVALLOW ARGC ARGV...     (empty text = not set)
#         tool ORDER UNIT ...           the same; its stdin is ORDER and its stderr runner.log
# stdout: lines, each one write:
#         started UNIT FENCE
#         refused UNIT FENCE                         another fence owns the unit; nothing was run
#         failed UNIT FENCE ERRNO STAGE              nothing was run; STAGE is record, stdin, output, user, cwd or exec
#         ended UNIT FENCE
# `process` record: four slots of 128 bytes (see ../unit/process-record.ts).
use strict;
use warnings;
use Config;
use Fcntl qw(F_SETFL O_NONBLOCK LOCK_EX LOCK_UN O_RDWR O_RDONLY O_WRONLY O_CREAT O_APPEND SEEK_SET);

my $SLOT = 128;
my ($WNOHANG, $PR_SET_CHILD_SUBREAPER) = (1, 36);
my ($PR_CAP_AMBIENT, $PR_CAP_AMBIENT_CLEAR_ALL) = (47, 4);
my ($ENOENT, $EINTR, $EACCES, $ENOTDIR) = (2, 4, 13, 20);
# setsid, prctl, exit_group and a plain execve have no builtin, and their numbers depend on the machine.
my %calls = (x86_64 => [112, 157, 231, 59], aarch64 => [157, 167, 94, 221], riscv64 => [157, 167, 94, 221],
    loongarch64 => [157, 167, 94, 221], arm => [66, 172, 248, 11], i686 => [66, 172, 252, 11], i586 => [66, 172, 252, 11],
    i386 => [66, 172, 252, 11], powerpc64le => [66, 171, 234, 11], s390x => [66, 172, 248, 11]);
my ($machine) = $Config{archname} =~ /^([^-]+)/;
my ($SETSID, $PRCTL, $EXIT_GROUP, $EXECVE) =
    @{ $calls{$machine} or die "farhand-launcher: no system call numbers for $machine\n" };

my $boot = slurp('/proc/sys/kernel/random/boot_id');
chomp $boot;
$0 = 'farhand-launcher';
$SIG{CHLD} = 'IGNORE';     # finished reapers vanish by themselves
# Handlers that do nothing rather than IGNORE: a command must not inherit deaf ears, and exec resets handlers.
$SIG{$_} = sub { } for qw(INT TERM HUP QUIT PIPE);
$SIG{FPE} = 'DEFAULT';     # Perl ignores it, and its own exec would have undone that
close_inherited();
open(my $helper, '>&', \*STDOUT) or die "farhand-launcher: $!\n";

my $input = '';
while (defined(my $frame = read_frame())) {
    my ($kind, @fields) = split /\0/, $frame, -1;
    if ($kind eq 'env') { %ENV = map { split /=/, $_, 2 } @fields; next }
    my $reaper = fork;
    if (!defined $reaper) { shift @fields if $kind eq 'tool'; report("failed $fields[0] $fields[1] " . ($! + 0) . " record"); next }
    next if $reaper;
    mind($kind eq 'tool' ? shift @fields : undef, @fields);
    leave();
}

# One unit, from its reserved record to the last of its processes.
sub mind {
    my ($order, $unit, $fence, $dir, $output, $cwd, $uid, $gid, $groups, $env_allow, undef, @argv) = @_;
    my $tell_failure = sub { report("failed $unit $fence " . ($! + 0) . " $_[0]"); leave() };
    $0 = "farhand-reaper $unit";
    $SIG{CHLD} = 'DEFAULT';
    syscall($SETSID);
    syscall($PRCTL, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    sysopen(my $record, "$dir/process", O_RDWR) or $tell_failure->('record');
    flock($record, LOCK_EX) or $tell_failure->('record');
    sysread($record, my $reserved, $SLOT);
    if (index($reserved, "reserved $fence ") != 0) { report("refused $unit $fence"); leave() }

    # Our own stdin, stdout and stderr become the command's; what we have to say goes to $helper.
    (defined $order ? open_order($order) : open(STDIN, '<', "$dir/stdin")) or $tell_failure->('stdin');
    sysopen(my $out, "$dir/$output", O_WRONLY | O_CREAT | O_APPEND, 0600) or $tell_failure->('output');
    open(STDOUT, '>&', $out) && open(STDERR, '>&', $out) or $tell_failure->('output');
    if (defined $order) {
        sysopen(my $log, "$dir/runner.log", O_WRONLY | O_CREAT | O_APPEND, 0600) or $tell_failure->('output');
        open(STDERR, '>&', $log) or $tell_failure->('output');
    }
    if ($env_allow ne '') {
        my %allowed = map { $_ => 1 } split /,/, $env_allow;
        delete @ENV{ grep { !$allowed{$_} } keys %ENV };
    }
    $ENV{FARHAND_UNIT_ID} = $unit;
    # Another worker on this machine may have a unit of the same id: clients choose them.
    $ENV{FARHAND_UNIT_REAPER} = "$$-" . start_time($$);

    # The command waits for a byte until its record stands, so a record without a launch line means: it never ran.
    pipe(my $go_read, my $go_write) && pipe(my $error_read, my $error_write) or $tell_failure->('exec');
    my $pid = fork;
    $tell_failure->('exec') unless defined $pid;
    if (!$pid) {
        setpgrp(0, 0);
        close $go_write;
        sysread($go_read, my $go, 1) or leave();
        # Rights of a service are there for its tools, each of which keeps what it needs. Any other command gets none of them.
        syscall($PRCTL, $PR_CAP_AMBIENT, $PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) unless defined $order;
        my $stage = become_command($cwd, $uid, $gid, $groups, \@argv);
        syswrite $error_write, ($! + 0) . " $stage";
        leave();
    }
    close $error_write;
    my $launched = write_slot($record, 1, "launch $fence $$ " . start_time($$) . " $pid " . start_time($pid) . " $boot");
    if (!$launched) { my $errno = $!; kill 'KILL', $pid; $! = $errno; $tell_failure->('record') }
    flock($record, LOCK_UN);
    syswrite $go_write, 'g';
    my $error;
    # Until the end: a signal in between must not make a start of a command that failed to start.
    1 until defined sysread($error_read, $error, 64) || $! != $EINTR;
    close $_ for $go_read, $go_write, $error_read;
    if ($error) {
        waitpid $pid, 0;
        write_slot($record, 2, "failed $fence " . uptime() . " $error");
        report("failed $unit $fence $error");
        return;
    }
    report("started $unit $fence");
    wait_for($pid, $unit, $fence, $record);
}

# What a tool is to do, on its stdin: it fits into the pipe, and no file has it that somebody could change. Where the kernel
# has little room left for pipes it does not fit, and nobody waits for that to change.
sub open_order {
    pipe(my $read, my $write) or return 0;
    fcntl($write, F_SETFL, O_NONBLOCK) or return 0;
    my $written = syswrite $write, $_[0];
    return defined $written && $written == length $_[0] && open(STDIN, '<&', $read);
}

# Reap the command, record its ending, then stay as parent of what it left behind until that is gone too.
sub wait_for {
    my ($pid, $unit, $fence, $record) = @_;
    while (1) {
        my $gone = waitpid(-1, 0);
        if ($gone == $pid) {
            my $status = $?;
            my $left = waitpid(-1, $WNOHANG) == -1 ? 0 : 1;
            write_slot($record, 2, "exit $fence " . uptime() . " $status $left");
            report("ended $unit $fence");
            return unless $left;
        }
        return if $gone == -1 && $! != $EINTR;
    }
}

# In the child: everything up to exec. Returns the stage that failed, with $! set.
sub become_command {
    my ($cwd, $uid, $gid, $groups, $argv) = @_;
    if ($uid ne '') {
        $! = 0;
        $) = "$gid $groups";
        $( = $gid;
        ($<, $>) = ($uid, $uid);
        return 'user' if $! || $< != $uid || $> != $uid || $) != $gid;
    }
    if ($cwd ne '') { chdir $cwd or return 'cwd' }
    execute(@$argv);
    return 'exec';
}

# execvp by the system call. That of the C library hands a file of unknown format to sh, and what could not be started
# would end with an exit code of sh's making. Returns with $! set.
sub execute {
    my ($name) = @_;
    my @path = $name =~ m{/} ? '' : map { $_ eq '' ? './' : "$_/" } split /:/, $ENV{PATH} // '/bin:/usr/bin', -1;
    my @env = map { "$_=$ENV{$_}" } keys %ENV;
    my ($args, $env, $denied) = (pack('p*', @_, undef), pack('p*', @env, undef), 0);
    for my $place (@path) {
        my $file = $place . $name;
        syscall($EXECVE, $file, $args, $env);
        $denied = $! + 0 if $! == $EACCES;
        last if $! != $ENOENT && $! != $ENOTDIR && $! != $EACCES;
    }
    $! = $denied if $denied;
}

# Whoever started the daemon may have left descriptors open; they are no business of any command.
sub close_inherited {
    opendir(my $folder, '/proc/self/fd') or return;
    for my $fd (grep { /^\d+$/ && $_ > 2 && $_ != fileno $folder } readdir $folder) {
        my $inherited;
        close $inherited if open($inherited, "<&=", $fd);
    }
}

# End at once: a fork must not flush, free or tidy up what is the launcher's.
sub leave { syscall($EXIT_GROUP, 0) }

sub read_frame {
    my $end;
    while (($end = index($input, "\n")) < 0) { read_more() or return undef }
    my $size = substr($input, 0, $end + 1, '');
    while (length($input) < $size) { read_more() or return undef }
    return substr($input, 0, $size, '');
}

sub read_more {
    while (1) {
        my $got = sysread(STDIN, $input, 65536, length $input);
        return $got if defined $got || $! != $EINTR;
    }
}

# One slot, padded to its size, in a single write in place: whole or not there at all for whoever reads it.
sub write_slot {
    my ($record, $slot, $text) = @_;
    sysseek($record, $slot * $SLOT, SEEK_SET) or return 0;
    my $written = syswrite($record, $text . ' ' x ($SLOT - 1 - length $text) . "\n");
    return defined $written && $written == $SLOT;
}

sub report { syswrite $helper, "$_[0]\n" }

# Field 22 of /proc/PID/stat: clock ticks after boot at which the process started.
sub start_time {
    my $stat = slurp("/proc/$_[0]/stat");
    return (split / /, substr($stat, rindex($stat, ')') + 2))[19];
}

sub uptime { my $text = slurp('/proc/uptime'); return substr($text, 0, index($text, ' ')) }

# Small files of /proc, without a buffer of Perl's.
sub slurp {
    sysopen(my $file, $_[0], O_RDONLY) or return '';
    sysread($file, my $text, 4096);
    return $text;
}
