import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CliSession, loggedIn } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { testTerminal } from "../../../test/kit/test-terminal.ts";
import type { CliError } from "../errors.ts";
import { captureOn } from "./capture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const port = 41_053;
const capture = { "work-tool": { worktype: "capture", interfaces: ["lo"], filters: { dns: `udp port ${port}` } } };
const only = {
  "work-tool": { worktype: "capture", interfaces: ["lo"], filter: "named", filters: { dns: "udp port 1" } },
};

let folder: TempFolder;
let server: TestServer;
let session: CliSession;
/** A DNS query of `farhand.example`, again and again. */
let asking: NodeJS.Timeout;
const socket = createSocket("udp4").on("error", () => undefined);

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer();
  await Promise.all([
    server.worker("shed", [capture]),
    server.worker("barn", [capture]),
    server.worker("attic", [only]),
  ]);
  session = await loggedIn(server, folder.path);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const query = Buffer.from("1234010000010000000000000766617268616e64076578616d706c650000010001", "hex");
  asking = setInterval(() => socket.send(query, port, "127.0.0.1"), 50);
});
afterAll(async () => {
  clearInterval(asking);
  socket.close();
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const farhand = (...words: string[]) => session.farhand("capture", ...words);

describe("farhand capture", () => {
  test("gives pcap that tcpdump reads where stdout is no terminal", async () => {
    const chunks: Buffer[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => void chunks.push(Buffer.from(chunk));
    const said = await session.farhandOn({ write }, "capture", "shed", "--filter", "@dns", "--packets", "2");
    expect(said).toMatchObject({ exit: 0, err: [expect.stringMatching(/^shed: ended by its budget of 2 packets/)] });
    const read = spawnSync("tcpdump", ["-n", "-r", "-"], { input: Buffer.concat(chunks), encoding: "utf8" });
    expect(read.stdout.trim().split("\n")).toHaveLength(2);
    expect(read.stdout).toContain(`127.0.0.1.${port}: UDP`);
  });

  test("shows a line for each packet on a terminal, of several workers with their names", async () => {
    const { out, exit } = await session.farhandOn(
      { columns: 160 },
      ...["capture", "shed", "barn", "--filter", "@dns", "--packets", "1"],
    );
    const [head, ...lines] = out.trim().split("\n");
    expect(exit).toBe(0);
    expect(head?.split(/ +/)).toEqual(["worker", "time", "source", "destination", "protocol", "length", "info"]);
    expect(new Set(lines.map((line) => line.split(/ +/)[0]))).toEqual(new Set(["barn", "shed"]));
    expect(lines[0]).toMatch(/ 0\.000000 +127\.0\.0\.1 +127\.0\.0\.1 +UDP /);
  });

  test("prints a decoded JSON line for each packet", async () => {
    const { out, err, exit } = await farhand("shed", "--filter", "@dns", "--packets", "2", "--json");
    expect(exit).toBe(0);
    const packets = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(packets).toMatchObject([
      { worker: "shed", number: 1, source: "127.0.0.1", protocol: "UDP" },
      { worker: "shed", number: 2 },
    ]);
    expect(packets[0].layers.map(({ protocol }: { protocol: string }) => protocol)).toContain("udp");
    expect(JSON.parse(err[0] ?? "")).toMatchObject({ worker: "shed", exit: 0 });
  });

  test("writes a file of each worker", async () => {
    const said = await farhand("shed", "barn", "--filter", "@dns", "--packets", "1", "-w", folder.file("cap-%w.pcap"));
    expect(said.exit).toBe(0);
    for (const name of ["shed", "barn"]) {
      expect(readFileSync(folder.file(`cap-${name}.pcap`)).readUInt32LE(0)).toBe(0xa1b2c3d4);
    }
  });

  test("one worker that refuses keeps no other from it, and the exit code says that not all did it", async () => {
    const said = await farhand("attic", "nosuch", "shed", "--filter", `udp port ${port}`, "--packets", "1", "--json");
    expect(said.exit).toBe(4);
    expect(said.out.trim().split("\n")).toHaveLength(1);
    expect(said.err.map((line) => JSON.parse(line))).toMatchObject([
      { worker: "attic", exit: 12, code: "FILTER_REFUSED", fault: expect.stringMatching(/it has @dns$/) },
      { worker: "nosuch", exit: 4, code: "WORKER_NOT_FOUND" },
      { worker: "shed", exit: 0 },
    ]);
  });

  test("Ctrl-C ends it on all workers, and what was captured is whole", async () => {
    const { terminal, err } = testTerminal("");
    let press: (reason: CliError) => void = () => {};
    let isPressed = false;
    const presses = { hear: (take: typeof press) => void (press = take), close: () => {} };
    const got: Buffer[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => {
      got.push(Buffer.from(chunk));
      // Once: who presses it a second time waits for nothing.
      const isTime = Buffer.concat(got).length > 24;
      if (isTime && !isPressed) press({} as CliError);
      isPressed ||= isTime;
    };
    const shown = { ...terminal, env: session.env, write };
    const exit = await captureOn(["shed"], { filter: "@dns" }, shown, presses);
    expect({ exit, err }).toMatchObject({ exit: 130, err: [expect.stringMatching(/^ending it/), expect.anything()] });
  });

  test.each([
    [["shed", "barn"], "pcap of several workers cannot go into one pipe"],
    [["shed", "barn", "-w", "one.pcap"], "do not fit into one file"],
    [[], "no worker is named"],
    [["shed", "--seconds", "soon"], "--seconds: soon is no whole number"],
    [["shed", "--bytes", "much"], "--bytes: much is no size"],
  ])("%j starts nothing", async (words, why) => {
    const said = await farhand(...words);
    expect(said.exit).toBe(2);
    expect(said.err.join("\n")).toContain(why);
  });
});
