import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

const script = fileURLToPath(new URL("./launcher.pl", import.meta.url));
const nobody = 65_534;
const netRaw = "0000000000002000";

/** A launcher as the service of a worker has it: of a user without rights, but for an ambient capability. */
async function rightsOfStarted(kind: "start" | "tool", order: readonly string[]): Promise<string> {
  await using folder = await tempFolder();
  const dir = join(folder.path, "unit");
  mkdirSync(dir);
  chmodSync(folder.path, 0o755);
  writeFileSync(join(dir, "process"), ["reserved 1 ", "", "", ""].map((slot) => `${slot.padEnd(127)}\n`).join(""));
  writeFileSync(join(dir, "stdin"), "");
  for (const path of [dir, join(dir, "process"), join(dir, "stdin")]) chownSync(path, nobody, nobody);
  const set = "-all,+net_raw";
  const become = ["--reuid", `${nobody}`, "--regid", `${nobody}`, "--clear-groups"];
  const launcher = spawn("setpriv", [...become, "--inh-caps", set, "--ambient-caps", set, "perl", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const command = ["/bin/grep", "^Cap", "/proc/self/status"];
  const fields = [kind, ...order, "unit", "1", dir, "stdout", "", "", "", "", "", `${command.length}`, ...command];
  const payload = fields.join("\0");
  launcher.stdin.end(`${Buffer.byteLength(payload)}\n${payload}`);
  // Its reaper has the same stdout: that is closed when the command has ended.
  launcher.stdout.resume();
  await once(launcher.stdout, "end");
  return readFileSync(join(dir, "stdout"), "utf8");
}

test("a command gets nothing of what the service of a worker may do for its tools", async () => {
  const rights = await rightsOfStarted("start", []);
  for (const set of ["CapPrm", "CapEff", "CapAmb"]) expect(rights).toContain(`${set}:\t0000000000000000`);
});

test("a tool's command gets it, to give away all but what the tool needs", async () => {
  expect(await rightsOfStarted("tool", ["{}"])).toContain(`CapAmb:\t${netRaw}`);
});
