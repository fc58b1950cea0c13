import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type JsonObject, silentLog } from "#core";
import {
  configFaults,
  decodeSocketMessages,
  encodeSocketMessage,
  hearWords,
  type Level,
  methodTable,
  serve,
  type SocketMessage,
  switchesSet,
} from "#fleet";
import { streamPair } from "../../../test/kit/api.ts";
import { patience } from "../../../test/kit/units.ts";
import { OwnPages } from "./own-pages.ts";
import { httpStreams } from "./http-streams.ts";

/** A page as it is on the worker's machine; what it does with a request is for the test to say. */
let page: Server;
let port: number;
let respond: (request: IncomingMessage, response: ServerResponse) => unknown;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  page = createHttpServer((request, response) => respond(request, response));
  port = await listening(page);
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const switched: object[] = [];
const table = methodTable([
  serve(switchesSet, (wanted) => {
    switched.push(wanted);
    return { watchers: true, monitors: true, workers: false };
  }),
]);
const asked = { service: "page", method: "GET", path: "/", headers: {}, body: 0 };

/** Ask as the server does. @returns its end of the stream, the first answer heard. */
async function open(method: string, params: object, level: Level = "operate") {
  const services = () => ({
    page: { host: "127.0.0.1", port },
    deep: { host: "127.0.0.1", port, level: "admin" as const },
  });
  const { server, worker } = streamPair();
  closers.push(() => server.destroy());
  const over = new AbortController();
  worker.once("close", () => over.abort(new Error("the stream is over")));
  const served = httpStreams({ services, pages: new OwnPages(table, silentLog) }).find(
    (each) => each.method.name === method,
  );
  const caller = { name: "ada", level, carrier: "forwarded" };
  const answers: unknown[] = [];
  const answer = (result: unknown): void => void answers.push(result);
  const running = served?.run(params, { stream: worker, answer }, { caller, id: "1", signal: over.signal });
  running?.catch((error: unknown) => worker.destroy(error as Error));
  return { stream: server, worker, answers, running };
}

async function head(stream: Duplex): Promise<JsonObject> {
  const { result, error } = await hearWords(stream, patience());
  return (result ?? (error as { data: JsonObject }).data) as JsonObject;
}

async function text(stream: Duplex): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}

describe("a page of a worker's machine", () => {
  test("gets a request built from fields, and its answer is told without what only it may know", async () => {
    const seen: { headers?: unknown; body?: string; url?: string | undefined } = {};
    respond = async (request, response) => {
      seen.url = request.url;
      seen.headers = request.rawHeaders.map((word, n) => (n % 2 === 0 ? word.toLowerCase() : word));
      seen.body = "";
      for await (const chunk of request) seen.body += String(chunk);
      response.setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.setHeader("Location", "/elsewhere");
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.writeHead(201, { "content-type": "text/plain", etag: '"1"', "content-length": 5 }).end("hello");
    };
    const headers = { "content-type": "text/csv", accept: "*/*" };
    const { stream, answers } = await open("http.open", {
      ...asked,
      ...{ method: "POST", path: "/a/b%20c?d=%2F", headers, body: 6 },
    });
    stream.write("abc");
    stream.end("def");
    expect(await head(stream)).toEqual({
      ...{ status: 201, length: 5, headers: { "content-type": "text/plain", etag: '"1"' } },
    });
    expect(await text(stream)).toBe("hello");
    expect(answers).toEqual([{ service: "page" }]);
    expect(seen).toEqual({
      url: "/a/b%20c?d=%2F",
      body: "abcdef",
      headers: [
        ...["host", `127.0.0.1:${port}`, "content-type", "text/csv", "accept", "*/*"],
        ...["accept-encoding", "identity", "connection", "close", "content-length", "6"],
      ],
    });
  });

  test("that breaks off in its answer breaks the stream, so that nobody takes it for whole", async () => {
    respond = (_request, response) => {
      response.writeHead(200, { "content-length": 1_000 }).write("half");
      setImmediate(() => response.destroy());
    };
    const { stream, worker, running } = await open("http.open", asked);
    stream.end();
    expect(await head(stream)).toMatchObject({ status: 200, length: 1_000 });
    await expect(running).rejects.toThrow(/aborted|Premature/);
    expect(worker.errored).toBeTruthy();
  });

  test("may answer before it has read the request; the rest of that is not waited for", async () => {
    respond = (_request, response) => void response.writeHead(413).end("too much");
    const { stream } = await open("http.open", { ...asked, method: "PUT", body: "chunked" });
    stream.write("x".repeat(1_000));
    expect(await head(stream)).toMatchObject({ status: 413 });
    expect(await text(stream)).toBe("too much");
  });

  test("gets no body that is longer or shorter than was said: it ends, and nothing behind it is a request", async () => {
    const urls: (string | undefined)[] = [];
    respond = async (request, response) => {
      urls.push(request.url);
      for await (const _ of request);
      response.end();
    };
    for (const body of ["12345GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "123"]) {
      const { stream } = await open("http.open", { ...asked, method: "POST", path: "/one", body: 5 });
      stream.end(body);
      expect(await head(stream)).toMatchObject({ code: "SERVICE_UNREACHABLE" });
    }
    expect(urls).not.toContain("/smuggled");
  });

  test.each<[string, string, string]>([
    ["no HTTP", "hello\r\n\r\n", "PAGE_INVALID"],
    ["a header of 64 KiB", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, "PAGE_INVALID"],
    ["a change of protocol", "HTTP/1.1 101 Sure\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc", "PAGE_INVALID"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "PAGE_INVALID"],
    ["a status of 999", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", "PAGE_INVALID"],
    ["nothing", "", "SERVICE_UNREACHABLE"],
  ])("that answers with %s is told as what it is", async (_name, bytes, code) => {
    port = await listening(createTcpServer((socket) => void socket.once("data", () => socket.end(bytes))));
    const { stream } = await open("http.open", asked);
    stream.end();
    expect(await head(stream)).toMatchObject({ code });
  });

  test("that is not named, asks for more, or is not there", async () => {
    for (const service of ["other", "deep", "__proto__", "management"])
      await expect((await open("http.open", { ...asked, service })).running).rejects.toMatchObject({
        ...{ code: "SERVICE_UNKNOWN", message: "there is no such service for the caller" },
      });
    await expect((await open("http.open", asked, "monitor")).running).rejects.toMatchObject({
      code: "SERVICE_UNKNOWN",
    });
    port = 1;
    const { stream } = await open("http.open", asked);
    stream.end();
    expect(await head(stream)).toMatchObject({ code: "SERVICE_UNREACHABLE", status: 502 });
  });

  test("is named in the configuration, and never as the worker's own", () => {
    expect(configFaults({ httpServices: { page: { host: "h", port: 1, level: "monitor" } } })).toEqual([]);
    expect(configFaults({ httpServices: { management: { host: "h", port: 1 } } })).not.toEqual([]);
  });
});

describe("a WebSocket of a page", () => {
  async function* messages(stream: Duplex): AsyncGenerator<SocketMessage> {
    yield* decodeSocketMessages(stream);
  }

  test("carries messages both ways, whole and in their kind, and its last word", async () => {
    const server = new WebSocketServer({ server: page as never });
    closers.push(() => server.close());
    const origins: (string | undefined)[] = [];
    server.on("connection", (socket, { headers }) => {
      origins.push(headers.origin);
      socket.on("message", (data: Buffer, isBinary) => {
        if (data.toString() === "bye") socket.close(3_001, "over");
        else socket.send(isBinary ? data : data.toString().toUpperCase(), { binary: isBinary });
      });
    });
    const { stream, answers, running } = await open("http.socket", {
      service: "page",
      path: "/live?a=1",
      protocol: "p1",
    });
    const got = messages(stream);
    stream.write(encodeSocketMessage({ kind: "text", text: "grüße" }));
    expect((await got.next()).value).toEqual({ kind: "text", text: "GRÜSSE" });
    const bytes = Buffer.alloc(300_000, 7);
    stream.write(encodeSocketMessage({ kind: "binary", bytes }));
    expect((await got.next()).value).toEqual({ kind: "binary", bytes });
    stream.write(encodeSocketMessage({ kind: "text", text: "bye" }));
    expect((await got.next()).value).toEqual({ kind: "close", code: 3_001 });
    expect((await got.next()).done).toBe(true);
    await running;
    expect(answers).toEqual([{ service: "page", protocol: "p1" }]);
    expect(origins).toEqual([`http://127.0.0.1:${port}`]);
  });

  test("has what the page says at once, in one packet with its consent", async () => {
    page.on("upgrade", ({ headers }: IncomingMessage, socket: Socket) => {
      const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
      lines.push(`Sec-WebSocket-Accept: ${accept.digest("base64")}`, "", "");
      const hello = Buffer.concat([Buffer.of(0x81, 5), Buffer.from("hello")]);
      socket.write(Buffer.concat([Buffer.from(lines.join("\r\n")), hello]));
    });
    const { stream } = await open("http.socket", { service: "page", path: "/" });
    expect((await messages(stream).next()).value).toEqual({ kind: "text", text: "hello" });
  });

  test("ends with its stream, also when that is cut", async () => {
    const server = new WebSocketServer({ server: page as never });
    closers.push(() => server.close());
    const connected = once(server, "connection");
    const { stream } = await open("http.socket", { service: "page", path: "/" });
    const [socket] = (await connected) as [Duplex];
    const closed = once(socket, "close");
    stream.destroy();
    expect(await closed).toEqual([1006, Buffer.alloc(0)]);
  });

  test("is refused where there is none, and when the page takes none of our protocols", async () => {
    respond = (_request, response) => void response.writeHead(404).end();
    const { running } = await open("http.socket", { service: "page", path: "/" });
    await expect(running).rejects.toMatchObject({ code: "SERVICE_UNREACHABLE" });
    const server = new WebSocketServer({ server: page as never, handleProtocols: () => false });
    closers.push(() => server.close());
    const second = await open("http.socket", { service: "page", path: "/", protocol: "p1" });
    await expect(second.running).rejects.toMatchObject({ code: "SERVICE_UNREACHABLE" });
  });
});

describe("the worker's own pages (CAT-16)", () => {
  const own = { method: "GET", path: "/v1/status", headers: {}, body: 0 };

  test("are the REST subset over its method table, with the caller's own level", async () => {
    const json = { "content-type": "application/json" };
    const put = { method: "PUT", path: "/v1/switches/workers", headers: json, body: "chunked" };
    const { stream } = await open("http.management", put);
    stream.end('{"on": false}');
    expect(await head(stream)).toMatchObject({ status: 200, headers: json });
    expect(switched.splice(0)).toEqual([{ workers: false }]);
    const low = await open("http.management", put, "monitor");
    low.stream.end('{"on": false}');
    expect(await head(low.stream)).toMatchObject({ status: 403 });
    expect(JSON.parse(await text(low.stream))).toMatchObject({ code: "LEVEL_TOO_LOW" });
    expect(switched).toEqual([]);
  });

  test("are no others", async () => {
    for (const [method, path] of [
      ["GET", "/rpc"],
      ["POST", "/rpc"],
      ["GET", "/v1/status/"],
      ["DELETE", "/v1/tasks/abc"],
    ]) {
      const { stream } = await open("http.management", { ...own, method, path });
      stream.end();
      expect(await head(stream)).toMatchObject({ status: 404 });
    }
    const { stream } = await open("http.management", { ...own, method: "PUT", path: "/v1/switches/workers" });
    stream.end("x".repeat(10_000));
    expect(await head(stream)).toMatchObject({ status: 400 });
  });
});
