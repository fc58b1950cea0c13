import { chmod, readFile, writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliSession, cliSession, loggedIn } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";

let folder: TempFolder;
let server: TestServer;
let admin: CliSession;

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer();
  admin = await loggedIn(server, folder.path);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const farhand = (...words: string[]) => admin.farhand(...words);
const jsonOf = async (...words: string[]): Promise<unknown> => JSON.parse((await farhand(...words, "--json")).out);

async function passwordFile(text: string): Promise<string> {
  const path = folder.file("password");
  await writeFile(path, `${text}\n`);
  return path;
}

/** A user with this role, logged in; the server is the same. */
async function userOf(name: string, role: string): Promise<CliSession> {
  const file = await passwordFile("a horse in the corridor");
  expect(await farhand("users", "add", name, "--role", role, "--password-file", file)).toMatchObject({ exit: 0 });
  const session = cliSession(folder.file(name));
  const login = ["login", server.url, "--ca", server.ca, "--user", name, "--password-file", file];
  expect(await session.farhand(...login)).toMatchObject({ exit: 0 });
  return session;
}

describe("farhand users", () => {
  test("are made, listed, changed, shut out and let in again", async () => {
    const bob = await userOf("bob", "viewer");
    expect((await farhand("users")).out).toMatch(/^bob +viewer/m);
    expect(await farhand("users", "set", "bob", "--role", "operator", "--label", "site=a")).toMatchObject({ exit: 0 });
    expect(await jsonOf("users")).toContainEqual(
      expect.objectContaining({ name: "bob", role: "operator", labels: { site: "a" } }),
    );
    // What was opened under the old role is over.
    expect(await bob.farhand("whoami")).toMatchObject({ exit: 4 });
    expect(await farhand("users", "set", "bob", "--disable")).toMatchObject({ exit: 0 });
    expect((await farhand("users")).out).toMatch(/^bob .*disabled/m);
    expect(await farhand("users", "set", "bob", "--enable", "--everywhere")).toMatchObject({ exit: 0 });
    expect(
      await farhand("users", "password", "bob", "--password-file", await passwordFile("another long password")),
    ).toMatchObject({ exit: 0 });
    expect(await farhand("users", "sessions", "bob", "--end")).toMatchObject({ exit: 0 });
    expect(await jsonOf("users", "sessions", "bob")).toEqual([]);
    expect(await farhand("users", "reset-factor", "bob")).toMatchObject({ exit: 0 });
  });

  test("are removed, and what they have open with them", async () => {
    const zoe = await userOf("zoe", "viewer");
    expect(await zoe.farhand("whoami")).toMatchObject({ exit: 0 });
    expect(await farhand("users", "remove", "zoe")).toMatchObject({ exit: 0, err: ["user zoe was removed"] });
    expect((await farhand("users")).out).not.toMatch(/^zoe /m);
    expect(await zoe.farhand("whoami")).toMatchObject({ exit: 4 });
    const again = await farhand("users", "remove", "zoe");
    expect(again.exit).not.toBe(0);
    expect(again.err.join("\n")).toMatch(/zoe/);
  });

  test("are traced: where a session is refused, step by step, until that is switched off", async () => {
    const tess = await userOf("tess", "viewer");
    const [session] = (await jsonOf("users", "sessions", "tess")) as { readonly id: string }[];
    const trace = (...words: string[]) => farhand("users", "trace", "tess", session?.id.slice(0, 8) ?? "", ...words);
    expect((await trace()).err).toEqual([
      expect.stringMatching(/^tess is traced until \d{4}-\S+Z; ask again once it was tried$/),
    ]);
    expect(await tess.farhand("enrol-token")).toMatchObject({ exit: 4 });
    const seen = await trace();
    expect(seen.out).toMatch(/^\d{4}-\S+Z {2}\d \S.* refused LEVEL_TOO_LOW/m);
    expect(JSON.parse((await trace("--json")).out)).toMatchObject({ lines: expect.arrayContaining([]) });
    expect((await trace("--off")).err).toEqual(["the session is traced no more"]);
    expect(await farhand("users", "trace", "tess", "nobody")).toMatchObject({ exit: 2 });
  });

  test("who may not is told what was refused, and what to do about it (CAT-111)", async () => {
    const eve = await userOf("eve", "viewer");
    const file = folder.file("eve.json");
    await writeFile(file, "{}");
    const refused = [
      ["users"],
      ["users", "add", "mallory", "--service"],
      ["users", "set", "admin", "--disable"],
      ["enrol-token"],
      ["enrol-token", "list"],
      ["audit", "list"],
      ["audit", "verify"],
      ["audit", "export"],
      ["config", "put", "web", file, "--if-match", "0"],
      ["run", "shed", "--", "true"],
      ["units", "cancel", "shed", "abcdefgh"],
    ];
    for (const words of refused) {
      const { exit, err, out } = await eve.farhand(...words);
      expect([words, exit, out]).toEqual([words, 4, ""]);
      expect(err).toEqual([expect.stringMatching(/^farhand: .{10}/), expect.stringMatching(/^try: .{10}/)]);
    }
  });

  test("a password that is easily guessed is refused, with the reason", async () => {
    const said = await farhand("users", "add", "weak", "--password-file", await passwordFile("password"));
    expect(said.exit).toBe(2);
    expect((await farhand("users")).out).not.toContain("weak");
  });
});

describe("farhand tokens", () => {
  test("one is shown once, works by FARHAND_TOKEN within its scopes, and not once it is revoked", async () => {
    const made = await farhand("tokens", "make", "ci", "--scope", "workers:monitor", "--life", "30d");
    expect(made.exit).toBe(0);
    const program = cliSession(folder.file("program"));
    Object.assign(program.env, { FARHAND_TOKEN: made.out.trim(), FARHAND_SERVER: server.url, FARHAND_CA: server.ca });
    expect(await program.farhand("workers")).toMatchObject({ exit: 0 });
    expect(await program.farhand("users")).toMatchObject({ exit: 4 });
    expect(await program.farhand("tokens")).toMatchObject({ exit: 4 });
    const [token] = (await jsonOf("tokens")) as { id: string; name: string }[];
    expect((await farhand("tokens")).out).not.toContain(made.out.trim());
    expect(await farhand("tokens", "revoke", token?.id ?? "")).toMatchObject({ exit: 0 });
    expect(await program.farhand("workers")).toMatchObject({ exit: 4 });
  });
});

describe("farhand enrol-token", () => {
  test("prints the command a worker joins with, and lists and revokes without the secret", async () => {
    const { out, err, exit } = await farhand("enrol-token", "--label", "site=a", "--life", "2h", "--name", "shed-*");
    expect(err[0]).toMatch(/on this machine only.*--listen/);
    expect(exit).toBe(0);
    expect(out).toMatch(new RegExp(`^farhand worker join ${server.url} --token fh1\\.[\\w-]+\\n$`));
    const [enrolment] = (await jsonOf("enrol-token", "list")) as { id: string }[];
    expect(enrolment).toMatchObject({ labels: { site: "a" }, name: "shed-*" });
    expect(await farhand("enrol-token", "revoke", enrolment?.id ?? "")).toMatchObject({ exit: 0 });
    expect(await farhand("enrol-token", "--life", "soon")).toMatchObject({ exit: 2 });
  });
});

describe("farhand audit", () => {
  test("lists, verifies and exports what happened", async () => {
    await farhand("enrol-token");
    expect((await farhand("audit", "list")).out).toMatch(/  (admin|ada) +enrolment\.make /);
    expect(await jsonOf("audit", "list", "--after", "1", "--limit", "2")).toHaveLength(2);
    const made = ["audit", "list", "--newest", "--act", "enrolment.*", "--from", "1h"];
    const found = (await jsonOf(...made)) as { readonly sequence: number; readonly action: string }[];
    expect(found.filter(({ action }) => !action.startsWith("enrolment."))).toEqual([]);
    expect(found.length).toBeGreaterThan(0);
    expect(found.map(({ sequence }) => sequence)).toEqual(
      found.map(({ sequence }) => sequence).toSorted((a, b) => b - a),
    );
    expect(await jsonOf(...made, "--who", "nobody")).toEqual([]);
    expect((await farhand("audit", "list", "--newest", "--limit", "1")).err.join()).toMatch(/--before \d+/);
    expect(await farhand("audit", "list", "--from", "soon")).toMatchObject({ exit: 2 });
    expect((await farhand("audit", "verify")).out).toMatch(/^\d+ rows, unbroken/);
    const { out } = await farhand("audit", "export");
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { sequence: number });
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, n) => n + 1));
  });

  test("a row that was altered is exit code 1, and named", async () => {
    const { db } = server.core.store;
    const row = await db.selectFrom("audit").selectAll().where("sequence", "=", 2).executeTakeFirstOrThrow();
    await db.updateTable("audit").set({ actor: "nobody" }).where("sequence", "=", 2).execute();
    const said = await farhand("audit", "verify");
    await db.updateTable("audit").set({ actor: row.actor }).where("sequence", "=", 2).execute();
    expect(said.exit).toBe(1);
    expect(said.err[0]).toContain("row 2");
    expect(await farhand("audit", "verify")).toMatchObject({ exit: 0 });
  });
});

describe("farhand config", () => {
  const document = { log: { level: "info" } };

  /** An editor that makes this of the document, each time it is opened. */
  async function editor(name: string, ...commands: string[]): Promise<void> {
    const path = folder.file(name);
    await writeFile(path, `#!/bin/sh\n${commands.join("\n")}\n`);
    await chmod(path, 0o700);
    admin.env["EDITOR"] = path;
  }

  async function put(name: string, content: object, ifMatch: number) {
    const file = folder.file("document.json");
    await writeFile(file, JSON.stringify(content));
    return await farhand("config", "put", name, file, "--if-match", String(ifMatch), "--comment", "by a test");
  }

  test("put, get, history and rollback keep versions", async () => {
    expect(await put("web", document, 0)).toMatchObject({ exit: 0, err: ["version 1 of web is in force"] });
    expect(await put("web", { log: { level: "debug" } }, 1)).toMatchObject({ exit: 0 });
    expect(JSON.parse((await farhand("config", "get", "web")).out)).toEqual({ log: { level: "debug" } });
    expect(JSON.parse((await farhand("config", "get", "web", "--version-number", "1")).out)).toEqual(document);
    expect((await farhand("config", "get")).out).toMatch(/^web +2 .* admin +by a test$/m);
    expect((await farhand("config", "history", "web")).out).toContain('/log/level: "info" → "debug"');
    expect(await farhand("config", "rollback", "web", "1")).toMatchObject({ exit: 0 });
    expect(await jsonOf("config", "get", "web")).toMatchObject({ version: 3, document });
    expect(await farhand("config", "get", "nosuch")).toMatchObject({ exit: 4 });
  });

  test("put of an old version writes nothing, and shows what both changed", async () => {
    await put("race", document, 0);
    await put("race", { log: { level: "warning" }, mode: "system" }, 1);
    const said = await put("race", { log: { level: "error" } }, 1);
    expect(said.exit).toBe(6);
    expect(said.err.slice(0, 5)).toEqual([
      "both changed /log/level",
      '  was    "info"',
      '  theirs "warning"',
      '  yours  "error"',
      'theirs + /mode: "system"',
    ]);
    expect(await jsonOf("config", "get", "race")).toMatchObject({ version: 2 });
  });

  test("what is not valid is refused with the place of the key", async () => {
    const said = await put("wrong", { log: { level: "loud" } }, 0);
    expect(said.exit).toBe(2);
    expect(said.err.join("\n")).toMatch(/log[./]level/);
  });

  test("edit opens the editor on the document and puts what it leaves", async () => {
    await put("edited", document, 0);
    await editor("quiet", `sed -i 's/info/debug/' "$1"`);
    expect(await farhand("config", "edit", "edited")).toMatchObject({
      exit: 0,
      err: ["editing configuration edited of the server", "version 2 of edited is in force"],
    });
    await editor("idle", ":");
    expect(await farhand("config", "edit", "edited")).toMatchObject({
      exit: 0,
      err: ["editing configuration edited of the server", "nothing was changed"],
    });
    await editor("broken", "exit 3");
    expect(await farhand("config", "edit", "edited")).toMatchObject({ exit: 1 });
  });

  test("edit that somebody overtakes shows the difference, asks, and writes over theirs when that is wanted", async () => {
    await put("overtaken", document, 0);
    const theirs = folder.file("theirs.json");
    await writeFile(theirs, JSON.stringify({ log: { level: "warning" } }));
    const opened = folder.file("opened");
    // The first time it is opened, somebody writes a version while we think.
    await editor(
      "slow",
      `sed -i 's/info/error/' "$1"`,
      `[ -e ${opened} ] || { touch ${opened}; touch ${opened}.now; while [ -e ${opened}.now ]; do sleep 0.05; done; }`,
    );
    const overtake = (async () => {
      for (;;) {
        if ((await readFile(`${opened}.now`).catch(() => undefined)) !== undefined) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(await farhand("config", "put", "overtaken", theirs, "--if-match", "1")).toMatchObject({ exit: 0 });
      const { rm } = await import("node:fs/promises");
      await rm(`${opened}.now`);
    })();
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    stdin.write("yes\r");
    const said = await admin.farhandOn({ stdin }, "config", "edit", "overtaken");
    await overtake;
    expect(said.exit).toBe(0);
    expect(said.err).toContain("both changed /log/level");
    expect(await jsonOf("config", "get", "overtaken")).toMatchObject({
      version: 3,
      document: { log: { level: "error" } },
    });
  });

  test("a version for one worker first is followed, and taken back by who wants that (CAT-80)", async () => {
    await put("staged", document, 0);
    await server.worker("stage-a", []);
    const labelled = ["workers", "set", "stage-a", "--label", "farhand/config=staged", "--label", "ring=first"];
    expect(await farhand(...labelled)).toMatchObject({
      exit: 0,
      err: ["labels of stage-a: farhand/config=staged,ring=first"],
    });
    // It keeps a file of its own, and nobody waits for it.
    expect((await farhand("config", "status", "staged")).out).toContain(
      "it keeps its own configuration (mode session)",
    );
    const { db } = server.core.store;
    await db.updateTable("worker").set({ mode: "cloud" }).where("name", "=", "stage-a").execute();
    const file = folder.file("staged.yaml");
    await writeFile(file, "# a comment\nlog:\n  level: debug\n");
    const change = ["config", "put", "staged", file, "--if-match", "1"];
    expect(await farhand(...change, "--healthy-for", "5s")).toMatchObject({ exit: 2 });
    expect(await farhand(...change, "--canary", "1", "--canary-label", "ring=first")).toMatchObject({ exit: 2 });
    expect(await farhand(...change, "--canary", "none")).toMatchObject({ exit: 2 });
    expect(await farhand(...change, "--canary-label", "ring=none")).toMatchObject({ exit: 6 });
    expect(await farhand(...change, "--canary", "1", "--healthy-for", "5s")).toMatchObject({
      exit: 0,
      err: [expect.stringMatching(/version 2 of staged comes to some workers first; `farhand config rollout staged`/)],
    });
    const shown = await farhand("config", "rollout", "staged");
    expect(shown.out).toMatch(/^version 2 over version 1: some workers have it first$/m);
    expect(shown.out).toMatch(/^next: wait: stage-a has not said what became of it$/m);
    expect((await farhand("config", "status", "staged")).out).toMatch(/^stage-a \(first\) +online +- +2 +-/m);
    expect(await jsonOf("config", "status", "staged")).toMatchObject([{ name: "stage-a", wanted: 2, first: true }]);
    expect(await farhand("config", "put", "staged", file, "--if-match", "2")).toMatchObject({ exit: 6 });
    expect((await farhand("config", "rollout", "staged", "--pause")).out).toMatch(/^version 2 .*: paused/m);
    expect(await farhand("config", "rollout", "staged", "--pause", "--abort")).toMatchObject({ exit: 2 });
    expect((await farhand("config", "rollout", "staged", "--abort")).out).toMatch(/aborted, and taken back/);
    expect(await jsonOf("config", "get", "staged")).toMatchObject({ version: 3, document });
    expect(await farhand("config", "rollout", "staged", "--finish")).toMatchObject({ exit: 4 });
  });

  test("export, diff and import go round, without secrets and with what changes", async () => {
    await put("round", { ...document, server: { enrolmentToken: { $secret: { value: "hunter2" } } } }, 0);
    const { out } = await farhand("config", "export", "round");
    expect(out).toMatch(/^# configuration round of the server, version 1$/m);
    expect(out).not.toContain("hunter2");
    const file = folder.file("round.yaml");
    await writeFile(file, out);
    expect((await farhand("config", "import", "round", file)).err).toEqual([
      "nothing to do: configuration round of the server is so already",
    ]);
    await writeFile(file, out.replace("info", "debug"));
    expect((await farhand("config", "diff", "round", "--file", file)).out).toBe('/log/level: "info" → "debug"\n');
    expect((await farhand("config", "import", "round", file)).err).toEqual([
      '/log/level: "info" → "debug"',
      "version 2 of round is in force",
    ]);
    expect((await farhand("config", "diff", "round")).out).toBe('/log/level: "info" → "debug"\n');
    expect(await jsonOf("config", "diff", "round", "--from", "2", "--to", "2")).toEqual([]);
    // The secret is still there.
    expect((await server.core.configurations.deliver("round")).document).toMatchObject({
      server: { enrolmentToken: { $secret: { value: "hunter2" } } },
    });
    expect(await farhand("config", "import", "elsewhere", file)).toMatchObject({ exit: 2 });
    expect(await farhand("config", "export", "nothing")).toMatchObject({ exit: 2 });
  });

  test("what cannot be put stays in a file, which is named", async () => {
    await put("kept", document, 0);
    await editor("damaging", `echo '{"log":' > "$1"`);
    const said = await farhand("config", "edit", "kept");
    expect(said.exit).toBe(2);
    const [, file = ""] = /your text is in (\S+)/.exec(said.err.join("\n")) ?? [];
    expect(await readFile(file, "utf8")).toBe('{"log":\n');
  });
});
