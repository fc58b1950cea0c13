import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { liveProcesses } from "../../../test/kit/processes.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { startLocal, type LocalType } from "./start-local.ts";

/** A path has at most so many bytes. */
const maxPathBytes = 4_095;

test("a helper whose card cannot be written does not stay", async () => {
  await using folder = await tempFolder();
  // As long as a folder can be for its log to have a path, and too long for a card's.
  const most = maxPathBytes - "/loops.log".length;
  let dir = folder.path;
  while (dir.length < most - 1) dir = join(dir, "d".repeat(Math.min(200, most - dir.length - 1)));
  mkdirSync(dir, { recursive: true });
  const seconds = `600.${process.pid}`;
  const type: LocalType = {
    ...{ kind: "loop", workType: "render", params: "", allowRuntimeParams: true, isRemote: false },
    ...{ leaseMs: 60_000, attempts: 3, output: "live", onServiceLoss: "finish", serviceLossMs: 60_000 },
    local: { program: { kind: "loop", line: `sleep ${seconds}` }, min: 0, max: 1, idleMs: 60_000 },
  };
  await expect(startLocal(type, { dir, socket: "" })).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  // Long enough for one that was let live to be what it is.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(liveProcesses().filter(({ command }) => command.includes(seconds))).toEqual([]);
});
