import { writeFile } from "node:fs/promises";
import { Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliSession, cliSession, loggedIn, loginWords, type Said } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { coloursFor, noColours } from "../colours.ts";
import { isStale, seenWorker } from "./seen-worker.ts";
import { workerLines, workersTable } from "./workers-text.ts";

/** A shell that says what it was opened with, and gives back what is typed, in capitals; `q` ends it. */
function capitalShell({ params }: { readonly params: object }) {
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const text = chunk.toString();
      this.push(text.toUpperCase());
      if (text.includes("q")) this.push(null);
      done();
    },
  });
  stream.push(`${JSON.stringify(params)}\n`);
  return { result: { shell: "s1" }, stream };
}

let folder: TempFolder;
let server: TestServer;
let admin: CliSession;

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer({ streams: { "shell.open": capitalShell } });
  await server.worker("attic", []);
  await server.worker("shed", []);
  admin = await loggedIn(server, folder.path);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const farhand = (...words: string[]) => admin.farhand(...words);

describe("farhand workers", () => {
  test("lists name, state with its age, when it was heard, mode, version, level and labels", async () => {
    const [heading, ...rows] = (await farhand("workers")).out.trim().split("\n");
    expect(heading).toMatch(/^NAME +STATE +SEEN +MODE +VERSION +LEVEL +LABELS$/);
    expect(rows).toEqual([
      expect.stringMatching(/^attic +online \w+ +\w+ +session +0\.1\.0 +admin +-$/),
      expect.stringMatching(/^shed +online/),
    ]);
  });

  test("CAT-43: --all-servers lists those of each server, also while one of them does not answer", async () => {
    await using home = await tempFolder();
    const other = await testServer();
    await other.worker("barn", []);
    const session = await loggedIn(server, home.path);
    await session.farhand(...(await loginWords(other, home.path)), "--name", "far");
    const both = await session.farhand("workers", "--all-servers");
    expect(both).toMatchObject({ exit: 0, err: [] });
    expect(both.out).toMatch(/^\S+ \(https:\S+\)\nNAME .*\nattic .*\nshed .*\nfar \(https:\S+\)\nNAME .*\nbarn /);
    await other[Symbol.asyncDispose]();
    const one = await session.farhand("workers", "--all-servers", "--json");
    expect(one).toMatchObject({ exit: 5, err: [expect.stringMatching(/^far: /)] });
    expect(JSON.parse(one.out)).toMatchObject([{ name: "attic" }, { name: "shed" }]);
    expect(await session.farhand("workers", "--all-servers", "--watch")).toMatchObject({ exit: 2 });
  });

  test("--label and --state choose, --json is for programs and holds no secret (CAT-46)", async () => {
    const { out } = await farhand("workers", "--json", "--state", "online");
    expect(JSON.parse(out)).toMatchObject([{ name: "attic" }, { name: "shed" }]);
    expect(out).not.toMatch(/secret|key|password|fingerprint/i);
    expect(JSON.parse((await farhand("workers", "--json", "--label", "site=none")).out)).toEqual([]);
    expect(await farhand("workers", "--label", "nonsense")).toMatchObject({ exit: 2 });
  });

  test("three users see three lists, and addresses are for admins (CAT-46)", async () => {
    const [attic] = JSON.parse((await farhand("workers", "--json")).out) as { id: string; addresses?: object }[];
    await server.core.registry.setLabels(attic?.id ?? "", { site: "a" }, "u1");
    expect(attic).toHaveProperty("addresses");
    const password = folder.file("password");
    await writeFile(password, "a horse in the corridor\n");
    const seenBy = async (name: string, ...more: string[]): Promise<unknown[]> => {
      const user = cliSession(folder.file(name));
      await farhand("users", "add", name, "--password-file", password, ...more);
      await user.farhand("login", server.url, "--ca", server.ca, "--user", name, "--password-file", password);
      return JSON.parse((await user.farhand("workers", "--json")).out) as unknown[];
    };
    const byOperator = await seenBy("oda", "--role", "operator");
    expect(byOperator).toMatchObject([
      { name: "attic", level: "operate" },
      { name: "shed", level: "operate" },
    ]);
    expect(byOperator[0]).not.toHaveProperty("addresses");
    const byGuest = await seenBy("gus", "--role", "viewer", "--label", "site=a");
    expect(byGuest).toMatchObject([{ name: "attic", level: "monitor", labels: { site: "a" } }]);
    expect(byGuest).toHaveLength(1);
    expect(JSON.parse((await farhand("workers", "--json", "--label", "site=a")).out)).toHaveLength(1);
    await server.core.registry.setLabels(attic?.id ?? "", {}, "u1");
  });

  test("show tells of one worker, and what happened to it", async () => {
    const { out } = await farhand("workers", "show", "attic");
    expect(out).toMatch(/^worker +attic$/m);
    expect(out).toContain("enrolled from 127.0.0.1");
    expect(JSON.parse((await farhand("workers", "show", "attic", "--json")).out)).toMatchObject({
      name: "attic",
      events: expect.arrayContaining([expect.objectContaining({ state: "online" })]) as unknown[],
    });
    expect(await farhand("workers", "show", "../users")).toMatchObject({ exit: expect.any(Number) as number, out: "" });
  });

  test("--watch tells each change as it comes, until Ctrl-C", async () => {
    const lines: { name: string; state: string }[] = [];
    const until = async (name: string, state: string): Promise<void> => {
      while (!lines.some((line) => line.name === name && line.state === state)) await sleep(10);
    };
    const print = (text: string): void => void lines.push(JSON.parse(text) as { name: string; state: string });
    const watching = admin.farhandOn({ print }, "workers", "--watch", "--json");
    await until("attic", "online");
    const cellar = await server.worker("cellar", []);
    await until("cellar", "online");
    await cellar.close("stopped");
    await until("cellar", "stopped");
    process.emit("SIGINT");
    expect(await watching).toMatchObject({ exit: 0 });
  });

  test("--watch on a terminal draws the table anew", async () => {
    const screens: string[] = [];
    const print = (text: string): void => void screens.push(text);
    const watching = admin.farhandOn({ print, columns: 120 }, "workers", "--watch", "--label", "site=none");
    while (screens.length < 2) await sleep(10);
    process.emit("SIGINT");
    await watching;
    expect(screens.at(-1)).toContain("\u001B[1A\u001B[J");
    expect(screens.at(-1)).toContain("NAME");
    expect(screens.at(-1)).not.toContain("attic");
  });
});

describe("what may hold no longer (CAT-112)", () => {
  const now = 1_000_000_000;
  const heard = (agoMs: number | null, state = "online") =>
    seenWorker({
      ...{ id: "w1", name: "shed", state, cause: "", since: now - 60_000, mode: "system", version: "1.2.3" },
      ...{ labels: { site: "a" }, level: "monitor", seenAt: agoMs === null ? null : now - agoMs },
    });

  test.each([
    [0, "online", false],
    [45_000, "online", false],
    [45_001, "online", true],
    [null, "online", true],
    [1_000, "lost", true],
  ])("heard %s ms ago and %s: stale is %s", (agoMs, state, stale) => {
    expect(isStale(heard(agoMs, state), now)).toBe(stale);
  });

  test("is marked with its age, in words and, where there are colours, faint", () => {
    const look = { colours: noColours, columns: undefined };
    expect(workersTable([heard(90_000)], now, look)[1]).toMatch(/^shed +online\? 1m +1m +system +1\.2\.3 \(1m old\)/);
    expect(workersTable([heard(1_000)], now, look)[1]).toMatch(/^shed +online 1m +1s +system +1\.2\.3 +monitor/);
    const coloured = { colours: coloursFor(true, {}), columns: undefined };
    expect(workersTable([heard(90_000)], now, coloured)[1]).toContain("\u001B[2m1.2.3 (1m old)");
  });

  test("a worker with something wrong says so beside its state, and what in the list of its facts (CAT-17)", () => {
    const troubled = { ...heard(1_000), trouble: "watcher inbox: /in cannot be read\u001B[2J" };
    const look = { colours: noColours, columns: undefined };
    expect(workersTable([troubled], now, look)[1]).toMatch(/^shed +online 1m, trouble +1s/);
    expect(workerLines(troubled, {}, now, look)).toContain("trouble    watcher inbox: /in cannot be read?[2J");
    expect(workerLines(heard(1_000), {}, now, look).join()).not.toContain("trouble");
  });

  test("what a worker says of itself cannot act on the terminal", () => {
    const hostile = { ...heard(0), name: "a\u001B[2Jb", version: "1\n2" };
    const [, line = ""] = workersTable([hostile], now, { colours: noColours, columns: undefined });
    expect(line).toMatch(/^a\?\[2Jb .* 1 2 /);
  });
});

describe("farhand shell", () => {
  /** Types `keys` once the shell has spoken, and gives back the screen. */
  async function shell(keys: string): Promise<Said> {
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    let spoken = false;
    const chunks: Buffer[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => {
      chunks.push(Buffer.from(chunk));
      if (!spoken) stdin.write(keys);
      spoken = true;
    };
    const said = await admin.farhandOn({ stdin, write }, "shell", "shed");
    return { ...said, out: Buffer.concat(chunks).toString() };
  }

  test("carries keys there and the screen back, until the shell ends", async () => {
    const said = await shell("ls\rq");
    expect(said).toMatchObject({ exit: 0 });
    expect(said.out).toBe('{"rows":24,"columns":80}\nLS\rQ');
    expect(said.err.join("")).toContain("the shell ended");
  });

  test("Ctrl-] cuts it off", async () => {
    expect((await shell("abc\u001Dnever")).err.join("")).toContain("cut off");
  });

  test("needs a terminal, and a worker", async () => {
    expect(await farhand("shell", "shed")).toMatchObject({ exit: 2 });
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    expect(await admin.farhandOn({ stdin }, "shell", "nosuch")).toMatchObject({ exit: 4 });
  });
});
