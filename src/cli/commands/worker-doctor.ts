import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { type WorkerModeOptions, workerModeOptions } from "../worker-mode-options.ts";

/** `farhand worker doctor` (spec CAT-113). */
export const workerDoctor = {
  name: "worker doctor",
  summary: "Look at the set-up of this machine's worker, and say how to cure what is wrong",
  details:
    "Needs no service and changes nothing. What it looks at: configuration, permissions, state, service, sockets, ports, certificates, server, clock, registration, roles, disk, Node. The exit code is the number of failures.",
  options: [...workerModeOptions, jsonOption],
  examples: [
    ["farhand worker doctor", "a line for each check, and a cure below those that need one"],
    ["farhand worker doctor --json", "the same for programs"],
  ],
  async run({ options }, terminal) {
    const [{ loadDoctor }, { workerMode }, { findingLines, findingsSum }] = await Promise.all([
      import("#worker"),
      import("../worker-mode.ts"),
      import("../doctor-text.ts"),
    ]);
    const { diagnose, failures } = await loadDoctor();
    const findings = await diagnose({ mode: workerMode(options, terminal.env), env: terminal.env });
    if (options.json) terminal.print(JSON.stringify(findings));
    else {
      for (const line of findingLines(findings, terminal.colours)) terminal.print(line);
      terminal.print(findingsSum(findings));
    }
    return failures(findings);
  },
} satisfies Command<WorkerModeOptions & JsonOptions>;
