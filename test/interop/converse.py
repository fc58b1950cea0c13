"""Say the steps read from stdin to one ReceptorControl, and print what each gave as a list of JSON.

A step is ["command", TEXT], ["submit", WORKTYPE, PAYLOAD, PARAMS], ["submit-bytes", WORKTYPE, BASE64],
["results", START] of the last unit, or ["results-socket"], the same read from the bare socket. "<unit>" in a
text is the last unit's id. Each answer comes with the number of connections made so far.
"""
import base64
import json
import sys

from receptorctl.socket_interface import ReceptorControl

conversation = json.load(sys.stdin)
connections = 0
unit = ""


class Counting(ReceptorControl):
    def handshake(self):
        global connections
        connections += 1
        super().handshake()


control = Counting(conversation["socket"], **conversation["tls"])


def submitted(worktype, payload, params=None):
    global unit
    reply = control.submit_work(worktype, payload, params=params)
    unit = reply["unitid"]
    return reply["result"]


def read_socket():
    connection = control.get_work_results(unit, return_socket=True, return_sockfile=False)
    chunks = iter(lambda: connection.recv(65536), b"")
    return base64.b64encode(b"".join(chunks)).decode()


steps = {
    "command": lambda text: control.simple_command(text.replace("<unit>", unit)),
    "submit": submitted,
    "submit-bytes": lambda worktype, data: submitted(worktype, base64.b64decode(data)),
    "results": lambda start: base64.b64encode(control.get_work_results(unit, start).read()).decode(),
    "results-socket": read_socket,
}

answers = []
for name, *words in conversation["steps"]:
    try:
        answers.append({"reply": steps[name](*words), "connections": connections})
    except RuntimeError as error:
        answers.append({"error": str(error), "connections": connections})
json.dump(answers, sys.stdout)
