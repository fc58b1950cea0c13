/** Runs `true` by plain `child_process.spawn`, output into a new file each, and waits for every exit. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { answerWith } from "../kit/load.mjs";

let files = 0;

answerWith(async ({ folder, count, concurrency }) => {
  let left = count;
  const run = async () => {
    while (left-- > 0) {
      const fd = openSync(join(folder, `spawned-${files++}`), "w", 0o600);
      const child = spawn("true", { stdio: ["ignore", fd, fd] });
      closeSync(fd);
      await once(child, "exit");
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, run));
  return { ms: performance.now() - start };
});
