import { Agent, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { makeCertificates } from "../../../../test/kit/certificates.ts";
import { tempFolder } from "../../../../test/kit/temp-folder.ts";
import { tlsServerSource } from "#core";
import type { OpenBackend, Session } from "../backend.ts";
import { eventually } from "../../../../test/kit/backend/conformance-link.ts";
import { encodeBatch, maxBatchBytes } from "../numbered/batch.ts";
import { type HttpListenerSettings, httpListener } from "./listener.ts";
import { batchType } from "./protocol.ts";

/** A listener, and what came to it. */
let listening: OpenBackend | undefined;
let sessions: Session[] = [];
let messages: string[] = [];
const agents = [new Agent(), new TlsAgent()];

afterEach(async () => {
  await listening?.close();
  listening = undefined;
  sessions = [];
  messages = [];
  for (const agent of agents) agent.destroy();
});

async function listen(settings: Partial<HttpListenerSettings> = {}): Promise<void> {
  const backend = httpListener({ bindAddress: "127.0.0.1", port: 0, ...settings });
  listening = await backend.start((session) => {
    sessions.push(session);
    session.start({ message: (message) => void messages.push(Buffer.from(message).toString()), drained: () => {} });
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Ask the listener anything; a body of undefined sends none. */
async function ask(method: string, path: string, headers = {}, body?: Uint8Array, tls?: object): Promise<Answer> {
  const [host, port] = (listening?.addresses[0] ?? "").split(":");
  return await new Promise((resolve, reject) => {
    const asked = (tls ? tlsRequest : request)({
      host,
      port,
      method,
      path,
      headers,
      agent: agents[tls ? 1 : 0],
      ...tls,
    });
    asked.once("response", (response) => {
      let text = "";
      response.setEncoding("latin1").on("data", (part: string) => (text += part));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    asked.once("error", reject).end(body);
  });
}

const type = { "content-type": batchType };

async function open(tls?: object): Promise<string> {
  const { status, text } = await ask("POST", "/", { ...type, "content-length": 0 }, undefined, tls);
  expect(status).toBe(201);
  return (JSON.parse(text) as { session: string }).session;
}

const upload = async (session: string, body: Uint8Array): Promise<Answer> =>
  await ask("POST", "/", { ...type, "farhand-session": session }, body);
const poll = async (session: string, number: number, ack = 0): Promise<Answer> =>
  await ask("GET", `/?poll=${number}`, { "farhand-session": session, "farhand-ack": String(ack) });
const batch = (first: number, ...texts: string[]): Buffer =>
  encodeBatch({ first, ack: 0, isLast: false, messages: texts.map((text) => Buffer.from(text)) });

test("ids are 128 bits at random, and a wrong one gets nothing", async () => {
  await listen();
  const [one, other] = [await open(), await open()];
  expect(one).toMatch(/^[0-9a-f]{32}$/);
  expect(one).not.toBe(other);
  for (const wrong of ["00".repeat(16), "", one.toUpperCase(), "x".repeat(5000)])
    expect((await upload(wrong, batch(1, "a"))).status).toBe(410);
  expect(sessions).toEqual([]);
});

test("answers may be kept by nobody", async () => {
  await listen();
  const { headers } = await upload(await open(), batch(1, "a"));
  expect(headers).toMatchObject({ "cache-control": "no-store", "content-length": "14" });
});

test("a message that comes again is taken once; its acknowledgement is said again", async () => {
  await listen();
  const session = await open();
  for (const body of [batch(1, "a", "b"), batch(1, "a", "b"), batch(2, "b", "c"), batch(1, "a")]) {
    const { status, text } = await upload(session, body);
    expect(status).toBe(200);
    expect(Buffer.from(text, "latin1").readUIntBE(8, 6)).toBe(messages.length);
  }
  expect(messages).toEqual(["a", "b", "c"]);
});

test("messages that are missing end the session", async () => {
  await listen();
  const session = await open();
  await upload(session, batch(1, "a"));
  await upload(session, batch(3, "c"));
  expect(await sessions[0]?.closed).toMatchObject({ code: "PACKET_INVALID" });
  expect(messages).toEqual(["a"]);
  expect((await upload(session, batch(2, "b"))).status).toBe(410);
});

test("the acknowledgement of what was never sent ends the session", async () => {
  await listen();
  expect((await poll(await open(), 1, 5)).status).toBe(400);
  expect(await sessions[0]?.closed).toMatchObject({ code: "PACKET_INVALID" });
});

test("a poll whose answer got lost is answered again; a late copy of an old one takes nothing", async () => {
  await listen();
  const session = await open();
  await upload(session, batch(1, "a"));
  sessions[0]?.send(Buffer.from("down"));
  expect((await poll(session, 1)).text).toContain("down");
  expect((await poll(session, 2)).text).toContain("down");
  expect((await poll(session, 1)).status).toBe(409);
  sessions[0]?.send(Buffer.from("more"));
  const { text } = await poll(session, 3, 1);
  expect(text).toContain("more");
  expect(text).not.toContain("down");
});

test("a poll lets go of the one before it", async () => {
  await listen();
  const session = await open();
  const before = poll(session, 1);
  await eventually(() => sessions.length > 0, "the first poll");
  const after = poll(session, 2);
  expect((await before).status).toBe(409);
  sessions[0]?.send(Buffer.from("down"));
  expect((await after).text).toContain("down");
});

test("a body that is too long is not read, and one that is no batch is refused", async () => {
  await listen();
  const session = await open();
  const tooLong = Buffer.alloc(maxBatchBytes + 1);
  expect((await upload(session, tooLong)).status).toBe(413);
  const chunked = { ...type, "farhand-session": session, "transfer-encoding": "chunked" };
  expect((await ask("POST", "/", chunked, tooLong)).status).toBe(413);
  for (const rubbish of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(100, 0xff), batch(1, "a").subarray(0, -1)])
    expect((await upload(session, rubbish)).status).toBe(400);
  expect((await upload(session, batch(1, "a"))).status).toBe(200);
});

test("requests that are none of ours are refused", async () => {
  await listen({ path: "/mesh" });
  expect((await ask("POST", "/elsewhere", type)).status).toBe(404);
  expect((await ask("DELETE", "/mesh")).status).toBe(405);
  expect((await ask("GET", "/mesh")).status).toBe(410);
  expect((await ask("POST", "/mesh", { "content-type": "text/plain", "content-length": 0 })).status).toBe(415);
  expect((await ask("POST", "/mesh", type, Buffer.alloc(10))).status).toBe(413);
  expect(sessions).toEqual([]);
});

test("sessions that are opened and never used are bounded, and go", async () => {
  await listen({ limits: { maxUnused: 2, unusedMs: 200, silenceMs: 400 } });
  const [first] = [await open(), await open()];
  const again = async (): Promise<number> => (await ask("POST", "/", { ...type, "content-length": 0 })).status;
  expect(await again()).toBe(503);
  while ((await again()) !== 201) await sleep(20);
  expect((await upload(first, batch(1, "a"))).status).toBe(410);
});

test("sessions are bounded", async () => {
  await listen({ limits: { maxSessions: 2 } });
  for (const session of [await open(), await open()]) await upload(session, batch(1, "a"));
  expect((await ask("POST", "/", { ...type, "content-length": 0 })).status).toBe(503);
});

test("headers that do not come to an end, or are too long, cost the connection", async () => {
  await listen({ limits: { headersMs: 200 } });
  const port = Number(listening?.addresses[0]?.split(":")[1]);
  const slow = connect(port, "127.0.0.1");
  slow.on("error", () => {}).resume();
  slow.write("POST / HTTP/1.1\r\nHost: a\r\n");
  await new Promise((resolve) => slow.once("close", resolve));
  const { status } = await ask("GET", "/", { long: "x".repeat(10_000) });
  expect(status).toBe(431);
});

test("a session id is worth nothing to whoever shows another certificate", async () => {
  await using folder = await tempFolder();
  const { ca, server, client } = await makeCertificates(folder.path);
  await listen({ tls: tlsServerSource({ ...server, clientCas: ca }) });
  const own = { ca: readFileSync(ca), cert: readFileSync(client.cert), key: readFileSync(client.key) };
  const headers = { ...type, "farhand-session": await open(own) };
  expect((await ask("POST", "/", headers, batch(1, "a"), { ca: own.ca })).status).toBe(410);
  expect((await ask("POST", "/", headers, batch(1, "a"), own)).status).toBe(200);
  expect(messages).toEqual(["a"]);
});
