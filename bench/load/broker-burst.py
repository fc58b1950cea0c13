"""A burst as the ReCodEx broker would send it: a ROUTER with its default limit, which drops what it cannot get rid of."""

import sys
import time

import zmq

address, channel, count = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
context = zmq.Context()
socket = context.socket(zmq.ROUTER)
watch = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
socket.connect(address)
watch.recv_multipart()
time.sleep(0.5)
for n in range(count):
    socket.send_multipart([b"recodex-monitor", channel, b"TASK", b"%08d" % n, b"COMPLETED"])
time.sleep(0.5)
socket.send_multipart([b"recodex-monitor", channel, b"FINISHED"])
socket.disable_monitor()
watch.close()
socket.close()
context.term()
