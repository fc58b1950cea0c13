import { connect } from "node:net";
import { afterAll, beforeAll, expect } from "vitest";
import { fuzz, refusedOr } from "../../../test/kit/fuzz.ts";
import { type TestQuokka, testQuokka } from "../../../test/kit/quokka.ts";
import { ServerError } from "../errors.ts";
import { quokkaCommand } from "./command.ts";
import { quokkaPlace } from "./place.ts";
import { readPythonLiteral } from "./python-literal.ts";
import { packetOfHexDump, workerTime } from "./rebuilt-packet.ts";
import { scanLines } from "./scan-lines.ts";

/** The port itself, with a capture that waits for packets: whatever comes, its next heartbeat is answered. */
let quokka: TestQuokka;
const serial = "111-111-111";

beforeAll(async () => {
  quokka = await testQuokka({ settings: { listen: { host: "127.0.0.1", port: 0 } } });
  for (const type of ["capture", "portscan", "traceroute"] as const) await quokka.enter(type, serial);
  await quokka.submit("capture", { filter: "udp" });
  await beat();
});
afterAll(() => quokka?.[Symbol.asyncDispose]());

const paramsOf = (params: string) => ({ params });
const bodyOf = (more: object): string =>
  JSON.stringify({ source: "vm", serial, timestamp: "2026-11-21 20:52:24.32891", ...more });
const hexdump = "0000  00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  ................\n0010  41 42   AB";
const heartbeat = JSON.stringify({ name: null, serial, worker_type: "capture", response_time: 1.5, cpu: 2, memory: 3 });
const scan = "{'nmap': {}, 'scan': {'127.0.0.1': {'tcp': {22: {'state': 'open', 'name': 'ssh'}}}}}";
const requestOf = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nContent-Type: application/json\r\n\r\n${body}`;

/** What comes back, until the other side has enough. */
async function said(bytes: Buffer | string): Promise<string> {
  const { port = 0 } = quokka.running.address ?? {};
  const socket = connect({ host: "127.0.0.1", port });
  let heard = "";
  socket.on("data", (chunk: Buffer) => void (heard += chunk.toString("latin1"))).on("error", () => {});
  socket.end(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return heard;
}

async function beat(): Promise<void> {
  expect(await said(requestOf("/worker/heartbeat", heartbeat))).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"commands":\[/);
}

const isRefusal = (error: unknown): boolean => error instanceof ServerError;

fuzz(
  "nothing that a worker of Quokka says does harm",
  {
    samples: [
      heartbeat,
      bodyOf({ packets: [{ Ethernet: { type: 2048 }, hexdump }] }),
      bodyOf({ host_ip: "127.0.0.1", host_name: "x", token: "t", scan_output: scan }),
      bodyOf({ target: "x", token: "t", traceroute_img: "iVBORw0KGgo=" }),
      hexdump,
      scan,
      JSON.stringify({ filter: "host 192.0.2.7 and tcp port 443", seconds: 10 }),
      "2026-11-21 20:52:24.32891",
    ],
    splinters: ["'", '"', "None", "True", "packets", "token", serial, "0010  ", "\n", "host ", " and ", "(", "\\x"],
  },
  {
    port: async (bytes, random) => {
      const paths = ["/worker/heartbeat", "/capture/store", "/portscan/store", "/traceroute/store", "/device/register"];
      const path = paths[random(paths.length)] as string;
      const body = bytes.toString("latin1");
      const answer = await said(random(4) === 0 ? bytes : Buffer.from(requestOf(path, body), "latin1"));
      // 500 is a fault of ours.
      if (answer !== "") expect(answer).toMatch(/^HTTP\/1\.1 (?:200|400|403|404|405|408|411|413|431) /);
      await beat();
    },
    "hex dump": (bytes) => {
      const packet = packetOfHexDump(bytes.toString());
      if (packet) expect(packet.length).toBeLessThanOrEqual(bytes.length);
    },
    literal: (bytes) => {
      const value = readPythonLiteral(bytes.toString());
      expect(JSON.stringify(value ?? null)).toBeTypeOf("string");
      expect({}).not.toHaveProperty("polluted");
    },
    scan: (bytes) => {
      const lines = scanLines(bytes.toString(), "x");
      expect(lines.at(-1)).toMatchObject({ type: "summary" });
    },
    time: (bytes) => {
      const now = Date.now();
      expect(Math.abs(workerTime(bytes.toString(), now) - now)).toBeLessThan(16 * 3_600_000);
    },
    order: (bytes, random) => {
      const type = (["capture", "portscan", "traceroute"] as const)[random(3)] ?? "capture";
      const command = refusedOr(() => quokkaCommand(type, paramsOf(bytes.toString())), isRefusal);
      // Nothing that another program would take for an option, or for more than one word.
      for (const field of ["host_ip", "target", "ip"]) {
        const value = command?.info[field];
        if (typeof value === "string") expect(value).toMatch(/^[A-Za-z0-9:][\w.:-]*$/);
      }
      quokkaPlace(bytes.toString());
    },
  },
);
