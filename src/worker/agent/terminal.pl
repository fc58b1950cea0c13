#!/usr/bin/perl
# What the unit of a shell runs: a terminal. Its screen is our stdout, the unit's recording; keys and sizes come by a pipe
# with a name. Perl, because a pseudo-terminal needs system calls that Node has not, and the launcher of units is Perl
# already; `script` of util-linux would do for bytes, but heeds no SIGINT and knows no size without a terminal of its own.
#
# The end of us is the end of the terminal: the kernel then sends the shell SIGHUP, as when a line is dropped. We end with
# the shell, by any signal, and when the daemon closes the pipe or dies.
#
# terminal.pl FOLDER ...   FOLDER/$FARHAND_UNIT_ID holds:
#   input    the pipe: frames of kind (`k` keys, `s` size), length in 2 bytes, most significant first, and so many bytes;
#            a size is rows and columns, 2 bytes each
#   opening  lines: "ROWS COLUMNS", then the command for /bin/sh
# Only the daemon makes that folder: whoever submits this work type by another way gets no shell.
use strict;
use warnings;
use Config;
use Fcntl qw(F_GETFL F_SETFL O_NOCTTY O_NONBLOCK O_RDONLY O_RDWR);
use POSIX ();

my ($maxPending, $piece) = (65_536, 65_536);
# Numbers of requests to a terminal depend on the machine: read and write bits are turned round on PowerPC.
my ($LOCK, $NUMBER, $SIZE) = $Config{archname} =~ /^powerpc/
    ? (0x80045431, 0x40045430, 0x80087467) : (0x40045431, 0x80045430, 0x5414);
my $CONTROLLING = 0x540E;

my $folder = "$ARGV[0]/$ENV{FARHAND_UNIT_ID}";
my $opening;
if (!-p "$folder/input" || !open($opening, '<', "$folder/opening")) {
    print STDERR "a shell is opened through the server, by shell.open\n";
    exit 126;
}
my ($rows, $columns) = split ' ', scalar <$opening>;
my $command = do { local $/; <$opening> };
close $opening;
sysopen(my $input, "$folder/input", O_RDONLY | O_NONBLOCK) or die "no input: $!\n";

sysopen(my $screen, '/dev/ptmx', O_RDWR | O_NOCTTY) or die "no terminal: $!\n";
my ($open, $number) = (pack("i", 0), pack("i", 0));
ioctl($screen, $LOCK, $open) or die "no terminal: $!\n";
ioctl($screen, $NUMBER, $number) or die "no terminal: $!\n";
size($rows, $columns);

my $shell = fork;
die "no shell: $!\n" unless defined $shell;
become_shell('/dev/pts/' . unpack('i', $number)) if !$shell;
fcntl($screen, F_SETFL, fcntl($screen, F_GETFL, 0) | O_NONBLOCK) or die "no terminal: $!\n";
# Once a second as well: a signal can come between the look and the wait.
$SIG{CHLD} = sub { };
my ($frames, $keys) = ('', '');
while (1) {
    leave($?) if waitpid($shell, POSIX::WNOHANG()) == $shell;
    my ($readable, $writable) = ('', '');
    vec($readable, fileno($screen), 1) = 1;
    vec($readable, fileno($input), 1) = 1 if length($keys) < $maxPending;
    vec($writable, fileno($screen), 1) = 1 if $keys ne '';
    next if select($readable, $writable, undef, 1) <= 0;
    show() if vec($readable, fileno($screen), 1);
    type() if vec($writable, fileno($screen), 1);
    take() if vec($readable, fileno($input), 1);
}

# What the screen shows goes to the recording. Returns 1 if there was any, 0 if there is none now, and -1 if nobody has
# the terminal open any more: the shell ends now, or has put itself elsewhere.
sub show {
    my $count = sysread($screen, my $bytes, $piece);
    if (!$count) {
        return 0 if defined $count || !$!{EIO};
        select(undef, undef, undef, 0.02);
        return -1;
    }
    for (my $at = 0; $at < $count; ) {
        my $written = syswrite(STDOUT, $bytes, $count - $at, $at);
        # What cannot be recorded is not done (CAT-122).
        exit 1 if !defined $written && !$!{EINTR};
        $at += $written // 0;
    }
    return 1;
}

# Keys that wait go to the terminal as it takes them.
sub type {
    my $written = syswrite($screen, $keys);
    substr($keys, 0, $written) = '' if $written;
}

# Frames of the daemon; without a daemon there is no shell.
sub take {
    my $count = sysread($input, $frames, $piece, length $frames);
    exit 129 if defined $count && $count == 0;
    while (length($frames) >= 3) {
        my ($kind, $length) = unpack('a n', $frames);
        last if length($frames) < 3 + $length;
        my $payload = substr($frames, 3, $length);
        substr($frames, 0, 3 + $length) = '';
        if ($kind eq 's') { size(unpack('n n', $payload)) }
        else { $keys .= $payload }
    }
}

# The kernel tells whoever runs in the terminal (SIGWINCH).
sub size {
    my $size = pack("S4", @_[0, 1], 0, 0);
    ioctl($screen, $SIZE, $size);
}

sub become_shell {
    my ($terminal) = @_;
    POSIX::setsid();
    sysopen(my $own, $terminal, O_RDWR) or POSIX::_exit(127);
    my $mine = 0;
    ioctl($own, $CONTROLLING, $mine);
    open(STDIN, '<&', $own) && open(STDOUT, '>&', $own) && open(STDERR, '>&', $own) or POSIX::_exit(127);
    $ENV{TERM} = 'xterm-256color';
    exec('/bin/sh', '-c', $command) or POSIX::_exit(127);
}

# With the shell's own ending, after its last words. The kernel hands them over in its own time, and behind the last of them
# says that nobody is there. What the shell left running may write on, or be silent, so there is an end to waiting.
sub leave {
    my ($status) = @_;
    for (1 .. 1024) {
        my $shown = show();
        last if $shown < 0;
        next if $shown;
        my $readable = '';
        vec($readable, fileno($screen), 1) = 1;
        last if select($readable, undef, undef, 0.2) <= 0;
    }
    exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
}
