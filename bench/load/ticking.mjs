/**
 * The command of the follow benchmark: prints its reading of the machine's monotonic clock, in nanoseconds, `lines` times
 * `everyMs` apart. The first comes after a second, when whoever follows has begun.
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [lines, everyMs] = process.argv.slice(2).map(Number);
await sleep(1_000);
for (let n = 0; n < lines; n++) {
  writeSync(1, `${process.hrtime.bigint()}\n`);
  await sleep(everyMs);
}
