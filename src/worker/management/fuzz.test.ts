import { connect } from "node:net";
import { afterAll, expect } from "vitest";
import { fuzz, piecesOf } from "../../../test/kit/fuzz.ts";
import { managedWorker, type ManagedWorker, rpc } from "../../../test/kit/managed-worker.ts";
import { rawExchange } from "../../../test/kit/raw-exchange.ts";
import { answerRpc } from "./rpc.ts";

/** CAT-18: whatever comes, the worker answers the next one as ever, and leaks nothing of how it is made. */
const calls = [
  rpc("worker.status"),
  rpc("units.list", { state: "running", limit: 5 }),
  rpc("units.cancel", { unit: "abcdefgh" }),
  rpc("worker.switches.set", { workers: false }),
  rpc("password.login", { password: "a horse in the corridor" }),
  [rpc("hello", {}, "a"), rpc("worker.switches.get", {}, null)],
].map((call) => JSON.stringify(call));
const http = (line: string, body = "") =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const requests = [
  ...calls.map((call) => http("POST /rpc", call)),
  http("GET /v1/status"),
  http("GET /v1/tasks?limit=3"),
  http("PUT /v1/switches/workers", '{"on":true}'),
  "GET /rpc/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
];
const splinters = [
  "Transfer-Encoding: chunked\r\n",
  "Origin: x\r\n",
  "Cookie: farhand_worker=",
  "Authorization: Bearer ",
];

let opened: Promise<ManagedWorker> | undefined;
const worker = (): Promise<ManagedWorker> => (opened ??= managedWorker({ api: "http" }));
afterAll(async () => await (await opened)?.[Symbol.asyncDispose]());

fuzz(
  "answerRpc() answers anything in JSON-RPC, without a stack",
  { samples: calls, splinters: ["__proto__", '"id":'] },
  {
    rpc: async (bytes) => {
      const { text } = await answerRpc(bytes, (method, params) => Promise.resolve({ result: { method, params } }));
      if (text !== undefined) expect(JSON.parse(text)).toBeTypeOf("object");
    },
  },
);

fuzz(
  "the socket lives through anything",
  { samples: calls.map((call) => `${call}\n`) },
  {
    socket: async (bytes, random) => {
      const { socket, lived } = await worker();
      const said = await saidBy(socket, piecesOf(bytes, random));
      expect(said).not.toMatch(/\.ts:\d/);
      expect(lived).toEqual([]);
    },
  },
);

fuzz(
  "the HTTP port lives through anything",
  { samples: requests, splinters },
  {
    http: async (bytes, random) => {
      const { api, logged } = await worker();
      const said = await rawExchange(new URL(api).host, piecesOf(bytes, random));
      expect(said.toString("latin1")).not.toMatch(/\.ts:\d|INTERNAL/);
      expect(logged.filter(({ message }) => message.includes("failed"))).toEqual([]);
    },
  },
);

/** What came for these bytes, until the worker hangs up. */
async function saidBy(path: string, pieces: readonly Buffer[]): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on("error", () => {});
  for (const piece of pieces) socket.write(piece);
  socket.end();
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString();
}
