import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkFiles } from "./check-files.ts";
import { parseSettings } from "./parse.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "farhand-settings-"));
  await writeFile(join(folder, "there.pem"), "");
});
afterEach(() => rm(folder, { recursive: true }));

test("checkFiles() is content with files that can be read, and with empty names", async () => {
  const there = join(folder, "there.pem");
  const text = `- tls-server: {name: a, cert: ${there}, key: ${there}}\n- tls-client: {name: b, cert: '', key: ''}\n`;
  await expect(checkFiles(parseSettings(text, "foo.yml"))).resolves.toBeUndefined();
});

test("checkFiles() reports each file that is missing", async () => {
  const missing = join(folder, "missing.pem");
  const text = `- work-verification: ${missing}\n- tls-server: {name: a, cert: ${missing}, key: ${folder}/there.pem}\n`;
  await expect(checkFiles(parseSettings(text, "foo.yml"))).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    faults: [
      { message: `${missing} does not exist`, line: 1, key: "publickey" },
      { message: `error preparing tls server config: ${missing} does not exist`, line: 2, key: "cert" },
    ],
  });
});
