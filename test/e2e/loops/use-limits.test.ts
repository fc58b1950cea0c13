import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#core";
import type { LoopSettings } from "#work";
import { openWorkerLoops } from "../../../src/worker/loops/worker-loops.ts";
import { liveProcesses } from "../../kit/processes.ts";
import { builtHelpers, ended, eventually, openTestNode } from "../../kit/units.ts";

beforeAll(builtHelpers);

const task: LoopSettings = {
  ...{ kind: "loop", workType: "task", params: "", allowRuntimeParams: true, isRemote: false, leaseMs: 60_000 },
  ...{ attempts: 3, output: "whole", onServiceLoss: "finish", serviceLossMs: 60_000 },
};

/** A worker with two helpers of Farhand's own, which run their payload as a script. */
async function farm(limits: Partial<LoopSettings>) {
  const node = await openTestNode({ workTypes: [] });
  const local = { program: { kind: "command", path: "sh" }, min: 0, max: 2, idleMs: 60_000 } as const;
  await node.reopen({ workTypes: [{ ...task, local, ...limits }] });
  const loops = await openWorkerLoops({ units: node.units, dataDir: node.dataDir, nodeId: "alpha", log: silentLog });
  loops.allowElsewhere(false);
  return {
    ...{ node, loops },
    start: (script: string) => node.start("", { type: "task", params: "", input: script }),
    [Symbol.asyncDispose]: async () => {
      node.units.loops.drain("the test is over");
      await loops.drained(AbortSignal.timeout(60_000));
      await loops.close();
      await node[Symbol.asyncDispose]();
    },
  };
}

const running = (word: string) => liveProcesses().filter(({ command }) => command.includes(word)).length;

describe("CAT-92: a task that uses more than its work type allows is ended, and no other", () => {
  test.each([
    ["a fork bomb", { maxProcesses: 40 }, "f() { sleep 61.5 & f; }; f", "PROCESS_LIMIT"],
    [
      "a memory hog",
      { maxMemoryBytes: 200 << 20 },
      "perl -e '$x = q(a) x (1 << 20) for 1; push @a, $x x 8 while 1'",
      "MEMORY_LIMIT",
    ],
    ["one that only spins", { maxCpuMs: 700 }, "while :; do :; done", "CPU_LIMIT"],
  ] as const)("%s", async (_what, limits, script, cause) => {
    await using at = await farm(limits);
    const good = await at.start(`until [ -e ${at.node.folder.file("go")} ]; do sleep 0.05; done; echo good`);
    await eventually("it runs", () => good.status.State === 1);
    const bad = await at.start(script);
    expect(await ended(bad)).toMatchObject({ State: 3, Cause: cause, Attempt: 1 });
    await eventually("nothing of it is left", () => running("61.5") === 0);
    writeFileSync(at.node.folder.file("go"), "");
    expect(await ended(good)).toMatchObject({ State: 2, Attempt: 1 });
    // There is a helper for the next one at once.
    expect(await ended(await at.start("echo next"))).toMatchObject({ State: 2 });
  });
});
