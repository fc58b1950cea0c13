import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CliSession, loggedIn } from "../../../test/kit/cli-session.ts";
import { freshBuild, programs } from "../../../test/kit/daemon.ts";
import { runProcess } from "../../../test/kit/processes.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const tools = ["traceroute", "portscan", "tcp"].map((worktype) => ({
  "work-tool": { worktype, targets: ["127.0.0.0/8"] },
}));

let folder: TempFolder;
let server: TestServer;
let session: CliSession;
/** Something that listens. */
let listener: Server;
let port: number;

beforeAll(async () => {
  await freshBuild();
  folder = await tempFolder();
  server = await testServer();
  await Promise.all([server.worker("shed", tools), server.worker("barn", tools), server.worker("attic", [])]);
  session = await loggedIn(server, folder.path);
  listener = createServer((socket) => socket.on("error", () => undefined).end("220 ready\r\n")).listen(0, "127.0.0.1");
  await once(listener, "listening");
  port = (listener.address() as { port: number }).port;
});
afterAll(async () => {
  listener?.close();
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const jsonOf = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("farhand trace", () => {
  test("draws the hops of several workers in their place while they come", async () => {
    const screen = await session.farhandOn({ columns: 120 }, "trace", "shed", "barn", "127.0.0.1", "--probes", "1");
    expect(screen).toMatchObject({ exit: 0, err: [] });
    const last = screen.out.split("\u001B[J").at(-1) ?? "";
    expect(last).toMatch(/shed → 127\.0\.0\.1, \w+ by \w+: .*reached at hop 1/);
    expect(last).toMatch(/barn → 127\.0\.0\.1/);
    expect(last).toMatch(/1 +0% +1 +[\d.]+ ms .* 127\.0\.0\.1/);
  });

  test("prints a JSON line for each hop, with its worker", async () => {
    const { out, exit } = await session.farhand("trace", "shed", "127.0.0.1", "--probes", "1", "--json");
    expect(exit).toBe(0);
    const lines = jsonOf(out);
    expect(lines[0]).toMatchObject({ worker: "shed", type: "path" });
    expect(lines.at(-1)).toMatchObject({ worker: "shed", type: "summary", reached: true, hops: 1 });
  });

  test("ends with 141 when nobody reads what it prints, and its unit is cancelled", async () => {
    const words = ["trace", "shed", "127.0.0.1", "--probes", "100", "--json"];
    const line = `"$0" "$@" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await runProcess("bash", ["-c", line, process.execPath, programs.farhand, ...words], {
      env: session.env,
    });
    expect(stdout.split("\n")).toEqual([expect.stringContaining('"type":"path"'), "141", ""]);
    const states = async (): Promise<string> => (await session.farhand("units", "list", "shed")).out;
    await expect.poll(states, { timeout: 30_000 }).toMatch(/Canceled +traceroute/);
  });

  test("says that a worker does not let it look there", async () => {
    const { err, exit } = await session.farhand("trace", "shed", "barn", "192.0.2.1");
    expect({ exit, err }).toEqual({
      exit: 12,
      err: [
        expect.stringMatching(/^shed: this worker's tools may not look at 192\.0\.2\.1/),
        expect.stringMatching(/^barn: this worker's tools may not look at 192\.0\.2\.1/),
        expect.stringMatching(/^try: .*`targets` of its `tools`/),
      ],
    });
  });
});

describe("farhand scan", () => {
  test("lists the ports that are open, and what it found in all", async () => {
    const { out, exit } = await session.farhand(
      "scan",
      "shed",
      "127.0.0.1",
      "--ports",
      `${port}`,
      "--program",
      "connect",
      "--services",
    );
    expect(exit).toBe(0);
    expect(out).toMatch(new RegExp(`shed +127\\.0\\.0\\.1 +${port}/tcp +open +220 ready`));
    expect(out).toMatch(/shed: 1 open, 1 of 1 hosts up, by connect in /);
  });
});

describe("farhand probe", () => {
  test("is up when enough workers say so, and names who said nothing", async () => {
    const words = ["--on", "shed", "--on", "barn", "--on", "attic"];
    const { out, exit } = await session.farhand("probe", "tcp", `127.0.0.1:${port}`, ...words, "--quorum", "2");
    expect(exit).toBe(0);
    expect(out).toMatch(/shed +up +127\.0\.0\.1, connect [\d.]+ ms/);
    expect(out).toMatch(/attic +silent/);
    expect(out).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}: up \\(2 up, 0 down, 2 must agree; no word from attic\\)`));
  });

  test("is down when they say so, with 1; and undecided with 5 when too few say anything", async () => {
    const [down, undecided] = [
      await session.farhand("probe", "tcp", "127.0.0.1:1", "--on", "shed", "--json"),
      await session.farhand("probe", "tcp", "127.0.0.1:1", "--on", "shed", "--on", "attic", "--json"),
    ];
    expect([down.exit, undecided.exit]).toEqual([1, 5]);
    expect(jsonOf(down.out).at(-1)).toMatchObject({ type: "verdict", verdict: "down", quorum: 1, down: 1 });
    expect(jsonOf(undecided.out).at(-1)).toMatchObject({
      ...{ verdict: "undecided", quorum: 2, down: 1, silent: 1 },
      words: [
        { worker: "shed", word: "down", reason: "connection refused" },
        { worker: "attic", word: "silent" },
      ],
    });
  });

  test.each([
    [["tcp", "127.0.0.1"], "127.0.0.1 is no HOST:PORT"],
    [["tcp", "127.0.0.1:1", "--on", "shed", "--quorum", "none"], "--quorum: none is no whole number"],
    [["ping", "127.0.0.1"], "no worker is named"],
  ])("%j starts nothing", async (words, why) => {
    const said = await session.farhand("probe", ...words);
    expect(said.exit).toBe(2);
    expect(said.err.join("\n")).toContain(why);
  });
});
