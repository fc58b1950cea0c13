/** Runs `true` by plain `child_process.spawn`, output into a file of its own, and waits for every exit. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { msSince } from "../kit/figures.mjs";
import { answerWith } from "../kit/load.mjs";

answerWith(async ({ folder, count, concurrency }) => {
  const paths = Array.from({ length: count }, (_, n) => join(folder, `spawned-${n}`));
  const left = [...paths];
  const run = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const fd = openSync(path, "w", 0o600);
      const child = spawn("true", { stdio: ["ignore", fd, fd] });
      closeSync(fd);
      await once(child, "exit");
    }
  };
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: concurrency }, run));
  const ms = msSince(start);
  for (const path of paths) rmSync(path);
  return { ms };
});
