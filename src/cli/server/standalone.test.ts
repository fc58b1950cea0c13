import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CliSession, cliSession } from "../../../test/kit/cli-session.ts";
import { freePort } from "../../../test/kit/free-port.ts";
import { standaloneWorker } from "../../../test/kit/standalone-worker.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

async function write({ env }: CliSession, workers: readonly object[], mode = 0o600): Promise<void> {
  const path = join(env["XDG_CONFIG_HOME"] ?? "", "farhand/workers.yaml");
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  await writeFile(path, JSON.stringify({ workers }));
  await chmod(path, mode);
}

const byHand = ["--server", "standalone"];

test("CAT-43: a worker without a server, written down by hand, is listed with its true state, and used", async () => {
  await using folder = await tempFolder();
  const { session, set, entry, close } = await standaloneWorker(folder);
  try {
    expect(set).toMatchObject({ exit: 0 });
    const gone = { ...entry, name: "gone", port: await freePort() };
    const other = { ...entry, name: "other", pin: `sha256:${"ab".repeat(32)}` };
    const seen = { name: "seen", host: entry.host, port: entry.port, pin: entry.pin };
    await write(session, [entry, gone, other, seen]);
    const { out, exit } = await session.farhand("workers", "--all-servers", "--json");
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { server: "standalone", name: "shed", state: "online", mode: "session", level: "configure" },
      { name: "gone", state: "unreachable", level: "none" },
      { name: "other", state: "untrusted", level: "none" },
      { name: "seen", state: "online", level: "none" },
    ]);
    const table = await session.farhand("workers", ...byHand);
    expect(table.out).toMatch(/shed +online/);
    expect(table.out).toMatch(/gone +unreachable +never/);
    const switched = await session.farhand("workers", "switch", "shed", "workers=off", ...byHand);
    expect(switched).toMatchObject({ exit: 0, out: expect.stringContaining("off") });
    expect((await session.farhand("units", "list", "shed", "--json", ...byHand)).out).toBe("[]\n");
    const editor = folder.file("editor");
    await writeFile(editor, '#!/bin/sh\nsed -i s/echo/cat/g "$1"\n', { mode: 0o700 });
    session.env["EDITOR"] = editor;
    const edited = await session.farhand("config", "edit", "shed", "--worker", ...byHand);
    expect(edited).toMatchObject({ exit: 0 });
    expect(await readFile(join(folder.file("c"), "farhand/worker.yaml"), "utf8")).toContain("cat");
    // What only a server can do says so, and a worker that is not in the list is none.
    expect(await session.farhand("workers", "show", "shade", ...byHand)).toMatchObject({ exit: 4 });
    // Its service is the worker's own admin's: a password is never worth that (CAT-25).
    const restart = await session.farhand("workers", "restart", "shed", ...byHand);
    expect(restart).toMatchObject({ exit: 4, out: expect.stringContaining("admin") });
  } finally {
    await close();
  }
});

test("CAT-43: with a wrong password it is told as refused, and nothing else of it is shown", async () => {
  await using folder = await tempFolder();
  const { session, entry, passwordFile, close } = await standaloneWorker(folder);
  try {
    await write(session, [entry]);
    await writeFile(passwordFile, "ein anderes langes Passwort\n", { mode: 0o600 });
    const { out } = await session.farhand("workers", "show", "shed", "--json", ...byHand);
    expect(JSON.parse(out)).toMatchObject({ state: "refused", level: "none", version: "" });
  } finally {
    await close();
  }
});

const entry = { name: "shed", host: "shed.example", pin: `sha256:${"ab".repeat(32)}` };

test.each([
  ["a worker without a pin", [{ name: "shed", host: "shed.example" }], "pin"],
  ["a password in the list itself", [{ ...entry, password: "secret" }], "password"],
  ["a name twice", [entry, entry], "twice"],
  ["a host that is an address with a path", [{ ...entry, host: "shed.example/x" }], "host"],
  ["a host that has its port in it", [{ ...entry, host: "shed.example:8889" }], "host"],
  ["a host that is no address, though it looks like one", [{ ...entry, host: "10.0.0.256" }], "host"],
  ["a pin that is too short", [{ ...entry, pin: `sha256:${":".repeat(64)}` }], "pin"],
  ["a password file by a relative path", [{ ...entry, passwordFile: "pw" }], "passwordFile"],
])("CAT-43: the list is refused with %s", async (_says, workers, where) => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  await write(session, workers);
  const { exit, err } = await session.farhand("workers", ...byHand);
  expect(exit).toBe(2);
  expect(err.join()).toContain(where);
  expect(err.join()).not.toContain("secret");
});

test("CAT-43: a list that others can change, and a password that others can read, are not used", async () => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  await write(session, [entry], 0o666);
  expect(await session.farhand("workers", ...byHand)).toMatchObject({ exit: 3 });
  const passwordFile = folder.file("password");
  await writeFile(passwordFile, "secret\n", { mode: 0o644 });
  await chmod(passwordFile, 0o644);
  await write(session, [{ ...entry, host: "127.0.0.1", port: 1, passwordFile }]);
  const { out } = await session.farhand("workers", "--json", ...byHand);
  expect(JSON.parse(out)).toMatchObject([{ state: "refused", cause: expect.stringContaining("read by others") }]);
});
