import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

/** `farhand worker doctor` (spec CAT-113). */
export const workerDoctor = {
  name: "worker doctor",
  summary: "Look at the set-up of this machine's worker, and say how to cure what is wrong",
  details:
    "Needs no service and changes nothing. What it looks at: configuration, permissions, state, service, sockets, ports, certificates, server, clock, registration, roles, watched folders, disk, Node. A worker that keeps its files elsewhere, as that of `farhand appliance`, is asked over its socket. The exit code is the number of failures.",
  options: [...workerSocketOptions, jsonOption],
  examples: [
    ["farhand worker doctor", "a line for each check, and a cure below those that need one"],
    ["farhand worker doctor --json", "the same for programs"],
    ["farhand worker doctor --socket STATE/run/worker.sock", "of the worker beside `farhand appliance`"],
  ],
  async run({ options }, terminal) {
    const [{ findingsOf }, { findingLines, findingsSum }] = await Promise.all([
      import("../worker-findings.ts"),
      import("../doctor-text.ts"),
    ]);
    const { findings, hint } = await findingsOf(options, terminal.env);
    if (options.json) terminal.print(JSON.stringify(findings));
    else {
      for (const line of findingLines(findings, terminal.colours)) terminal.print(line);
      terminal.print(findingsSum(findings));
      terminal.say(hint);
    }
    return findings.filter(({ kind }) => kind === "fail").length;
  },
} satisfies Command<WorkerSocketOptions & JsonOptions>;
