import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { expect, test } from "vitest";
import { runProcess } from "../kit/processes.ts";
import { receptorctlPath } from "../kit/receptorctl.ts";
import { onEveryRoad } from "./roads.ts";

const megabytes = 100;
const workTypes = `
- work-command: {worktype: digest, command: sha256sum}
- work-command: {worktype: cat, command: cat}
`;

onEveryRoad("receptorctl carries 100 MiB", workTypes, ({ target, place, ctl, submit, unit }) => {
  test("in as payload and out as output, every byte as it was", async () => {
    const payload = place().file("payload");
    const sum = writeRandom(payload);
    expect((await ctl("work", "submit", "digest", "-p", payload, "-f", "--rm")).stdout).toContain(`${sum}  -\n`);
    const id = await submit("cat", "-p", payload);
    expect(await digestOfResults(id)).toBe(`${sum}  -\n`);
    expect(await unit(id)).toMatchObject({ StdoutSize: megabytes * 2 ** 20, StdoutSha256: sum });
    await ctl("work", "release", id);
  });

  /** The output goes from the client straight into `sha256sum`. */
  async function digestOfResults(id: string): Promise<string> {
    const { socket, options = [] } = target();
    const words = ["--socket", socket, ...options, "work", "results", id];
    const { stdout } = await runProcess("bash", ["-c", '"$@" | sha256sum', "bash", receptorctlPath ?? "", ...words]);
    return stdout;
  }
});

/** Fill a file with bytes nobody can guess. Gives their SHA-256. */
function writeRandom(path: string): string {
  const hash = createHash("sha256");
  const file = openSync(path, "w");
  for (let n = 0; n < megabytes; n++) {
    const bytes = randomBytes(2 ** 20);
    hash.update(bytes);
    writeSync(file, bytes);
  }
  closeSync(file);
  return hash.digest("hex");
}
