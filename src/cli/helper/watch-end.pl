# Runs one command and tells how it ended. Node takes the end by a signal it has no name for (those of real time) for exit
# code 0; here is the wait status itself. It leads the command's process group, and heeds no signal that is meant for that.
#
# perl watch-end.pl COMMAND ARG...; on descriptor 3, one line each:
#         started
#         failed ERRNO          nothing was run
#         ended STATUS          as waitpid(2) gives it
# Without a last line the watcher itself was killed.
use strict;
use warnings;
use Fcntl qw(F_SETFD FD_CLOEXEC);

my $EINTR = 4;
open(my $told, '>&=', 3) or die "descriptor 3: $!\n";
fcntl($told, F_SETFD, FD_CLOEXEC);
# Handlers that do nothing rather than IGNORE: a command must not inherit deaf ears, and exec resets handlers.
$SIG{$_} = sub { } for grep { !/^(?:KILL|STOP|TSTP|TTIN|TTOU|CONT|CHLD|CLD|FPE|SEGV|BUS|ILL|ZERO|__.*)$/ } keys %SIG;
$SIG{FPE} = 'DEFAULT';     # Perl ignores it, and its own exec would have undone that

pipe(my $error_read, my $error_write) or fail();
my $pid = fork;
fail() unless defined $pid;
if (!$pid) {
    { no warnings 'exec'; exec { $ARGV[0] } @ARGV; }
    syswrite $error_write, $! + 0;
    require POSIX;
    POSIX::_exit(127);
}
# Its own ends are the command's alone: what that closes is closed.
close $_ for $error_write, *STDIN, *STDOUT, *STDERR;
my $errno;
1 until defined sysread($error_read, $errno, 16) || $! != $EINTR;
if ($errno) { waitpid $pid, 0; $! = $errno; fail() }
tell_end('started');
$0 = "farhand-task $pid";
1 until waitpid($pid, 0) == $pid;
tell_end("ended $?");

sub tell_end { syswrite $told, "$_[0]\n" }

sub fail { tell_end('failed ' . ($! + 0)); exit 1 }
