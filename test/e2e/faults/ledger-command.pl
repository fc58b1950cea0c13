#!/usr/bin/perl
# The command of the fault test. It keeps a ledger of its own, which no kill of Farhand's processes can touch:
# one line when it begins, one for what it was given on stdin, one just before it ends. Its output follows from its seed
# alone, and it writes all of it, however long the disk has no room.
# argv: LEDGER-FOLDER KIND SEED CODE
use strict;
use warnings;
use Digest::SHA;
sub nap { select(undef, undef, undef, $_[0]) }

my ($folder, $kind, $seed, $code) = @ARGV;
open(my $ledger, '>>', "$folder/$ENV{FARHAND_UNIT_ID}") or die "ledger: $!";
sub note { syswrite $ledger, "$_[0]\n" }

# 64 bytes a line, so that output.ts can say what any byte must be.
my $line = 0;
sub lines {
    my ($count) = @_;
    my $text = '';
    for (1 .. $count) {
        $text .= sprintf("%-31s %010d %020d\n", "unit-$seed", $line, ($seed * 2654435 + $line * 40503) % 4294967296);
        $line++;
        next if length($text) < 65536;
        put($text);
        $text = '';
    }
    put($text);
}

sub put {
    my ($text) = @_;
    while (length $text) {
        my $written = syswrite STDOUT, $text;
        if ($written) { substr($text, 0, $written) = '' }
        else { nap(0.05) }
    }
}

note("start $$");
my $input = Digest::SHA->new(256)->addfile(*STDIN)->hexdigest;
note("input $input");
srand($seed);
if ($kind eq 'quick') { lines(3) }
elsif ($kind eq 'long') { for (1 .. 20) { lines(1); nap(0.05 + rand 0.4) } }
elsif ($kind eq 'silent') { nap(0.5 + rand 3) }
elsif ($kind eq 'chatty') { for (1 .. 400) { lines(50); nap 0.003 } }
elsif ($kind eq 'big') { lines(1638400) }
elsif ($kind eq 'killed') { lines(2); note("signal $code"); kill $code, $$; nap 10 }
elsif ($kind eq 'forking') {
    for (1 .. 2) {
        next if fork;
        close STDOUT; close STDERR; close $ledger;
        nap(2 + rand 20);
        exit 0;
    }
    lines(2);
    nap(rand 2);
}
elsif ($kind eq 'stubborn') { $SIG{INT} = 'IGNORE'; for (1 .. 200) { lines(1); nap 0.1 } }
note("end $code");
exit $code;
