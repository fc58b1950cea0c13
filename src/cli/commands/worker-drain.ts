import type { Command } from "../command.ts";
import type { WorkerSocketOptions } from "../worker-socket.ts";
import { workerSocketOptions } from "../worker-socket-options.ts";

interface DrainOptions extends WorkerSocketOptions {
  readonly deadline?: string;
}

/** `farhand worker drain` (spec CAT-90). */
export const workerDrain = {
  name: "worker drain",
  summary: "Stop the worker of this machine when what it has is done",
  details: [
    "From now on it takes no work. What still runs at the deadline is interrupted: tasks of run loops go back on the list where",
    "their work type allows another attempt, units of commands end as INTERRUPTED. Without a deadline it waits for all of them.",
  ].join(" "),
  options: [
    { flags: "--deadline <time>", description: "interrupt what runs then, such as 10m" },
    ...workerSocketOptions,
  ],
  examples: [["farhand worker drain --deadline 10m", "before a machine is taken down"]],
  async run({ options }, terminal) {
    const [{ askWorker }, { lifeOf }] = await Promise.all([
      import("../worker-socket.ts"),
      import("../server/labels.ts"),
    ]);
    const { deadline, ...socket } = options;
    const wanted = deadline === undefined ? {} : { deadlineMs: lifeOf(deadline) };
    const { running } = (await askWorker(socket, terminal.env, "worker.drain", wanted)) as { running: number };
    const what = running === 1 ? "one unit runs" : `${running} units run`;
    terminal.say(`the worker takes no more work; ${what}, and it stops after that`);
  },
} satisfies Command<DrainOptions>;
