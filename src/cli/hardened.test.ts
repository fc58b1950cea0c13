import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { eventually } from "../../test/kit/api.ts";
import { type CliSession, loggedIn } from "../../test/kit/cli-session.ts";
import { fileWorker } from "../../test/kit/file-worker.ts";
import { testServer } from "../../test/kit/server.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { totpCode } from "../../test/kit/totp-code.ts";

/** Harden the worker of this machine with an authenticator app that has this much of a different time. @returns its secret. */
async function harden(session: CliSession, aheadMs: number) {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true });
  const err: string[] = [];
  let secret = "";
  const say = (text: string): void => {
    err.push(text);
    const [, shown] = /^ {2}secret {2}(\S+)$/.exec(text) ?? [];
    if (shown === undefined) return;
    secret = shown;
    keyboard.write(`${totpCode(secret, Date.now() + aheadMs)}\n`);
  };
  const { exit } = await session.farhandOn({ stdin: keyboard, say, sayPart: say }, "worker", "harden");
  return { secret, exit, err };
}

test("CAT-70: a worker is hardened at its machine, unlocked from afar by its own code, and softened again", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const admin = await loggedIn(server, folder.path);
  await using _worker = await fileWorker({ server, folder, name: "shed" });
  admin.env["FARHAND_WORKER_SOCKET"] = folder.file("shed-run/farhand/worker.sock");
  await eventually(async () => (await admin.farhand("config", "export", "shed")).exit).toBe(0);
  const { out: config } = await admin.farhand("config", "export", "shed");
  const edit = async (retention: number) => {
    await writeFile(folder.file("config"), `${config}\nlimits:\n  retentionCount: ${retention}\n`);
    return await admin.farhand("config", "import", "shed", folder.file("config"));
  };
  expect(await edit(7)).toMatchObject({ exit: 0 });

  // Where nobody can type, nothing is begun.
  expect(await admin.farhand("worker", "harden")).toMatchObject({ exit: 2 });
  const { secret, exit, err } = await harden(admin, -30_000);
  expect({ exit, last: err.at(-1) }).toEqual({ exit: 0, last: expect.stringMatching(/^the worker is hardened/) });
  const refused = await edit(8);
  expect(refused.exit).not.toBe(0);
  expect(refused.err.join("\n") + refused.out).toMatch(/unlock|code of its own/);

  const unlock = async (code: string) => {
    await writeFile(folder.file("code"), `${code}\n`, { mode: 0o600 });
    return await admin.farhand("workers", "unlock", "shed", "--code-file", folder.file("code"));
  };
  expect((await unlock("000000")).exit).not.toBe(0);
  expect(await unlock(totpCode(secret, Date.now()))).toMatchObject({
    ...{ exit: 0, err: ["shed may be configured in this login for five minutes"] },
  });
  expect(await edit(9)).toMatchObject({ exit: 0 });

  expect((await admin.farhand("worker", "harden", "--off")).err).toEqual([
    "the worker asks for no code of its own any more",
  ]);
});
