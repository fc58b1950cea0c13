"""Runs commands of the real receptorctl, each in a process of its own that has its modules already.

Loading them takes ten times as long as most commands. A line of JSON on stdin is a command: {"id", "words", "stdin",
"stdout", "stderr"}, the last three paths of files; {"kill": id} kills it. A line on stdout tells how one ended: {"id",
"code"}, a signal's number below zero. Everything ends with stdin.
"""

import json
import os
import selectors
import signal
import sys

from receptorctl import run

children = {}


def command(request):
    pid = os.fork()
    if pid:
        children[pid] = request["id"]
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(request["stdin"], os.O_RDONLY), 0)
    os.dup2(os.open(request["stdout"], os.O_WRONLY), 1)
    os.dup2(os.open(request["stderr"], os.O_WRONLY), 2)
    sys.stdin, sys.argv = open(0), ["receptorctl", *request["words"]]
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")
    sys.exit(run())


def reap():
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        print(json.dumps({"id": children.pop(pid), "code": os.waitstatus_to_exitcode(status)}), flush=True)


def kill(wanted):
    for pid, known in children.items():
        if known == wanted:
            os.kill(pid, signal.SIGKILL)


woken, wake = os.pipe()
for end in (woken, wake):
    os.set_blocking(end, False)
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGCHLD, lambda *_: None)
selector = selectors.DefaultSelector()
selector.register(sys.stdin.buffer, selectors.EVENT_READ)
selector.register(woken, selectors.EVENT_READ)
held = b""
while True:
    for key, _ in selector.select():
        if key.fileobj == woken:
            os.read(woken, 1024)
            reap()
            continue
        piece = os.read(0, 65536)
        if not piece:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            sys.exit(0)
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            request = json.loads(line)
            kill(request["kill"]) if "kill" in request else command(request)
