"""A sender that speaks as the ReCodEx broker does: a ROUTER that connects and addresses the monitor by its identity.

Lines on stdin: `send ID COMMAND [TASK STATE]`, `burst ID COUNT`, `raw HEX HEX ...`; each is answered with a line.
"""

import sys
import time

import zmq

context = zmq.Context()
socket = context.socket(zmq.ROUTER)
socket.setsockopt(zmq.LINGER, 0)
watch = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
socket.connect(sys.argv[1])
watch.recv_multipart()
# The routing id of the other side is known a moment after that.
time.sleep(0.2)
print("connected", flush=True)


def send(*frames):
    socket.send_multipart([b"recodex-monitor", *frames])


for line in sys.stdin:
    word, *rest = line.split()
    if word == "send":
        send(*[part.encode() for part in rest])
    elif word == "burst":
        job = rest[0].encode()
        # Without this a ROUTER drops what its own thread has not sent yet: on a busy machine that happens whoever reads.
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        for n in range(int(rest[1])):
            send(job, b"TASK", b"%d" % n, b"COMPLETED")
    elif word == "raw":
        send(*[bytes.fromhex(part[1:]) for part in rest])
    print("done", line.strip()[:60], flush=True)
