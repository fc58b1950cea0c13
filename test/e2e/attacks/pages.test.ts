import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type JsonObject, sayWords } from "#fleet";
import { ask, openAnswer, openSocket } from "../../kit/api.ts";
import { freshBuild, programs } from "../../kit/daemon.ts";
import { type HostileWorker, hostileWorker } from "../../kit/hostile-worker.ts";
import { endMarkedProcesses, processMark } from "../../kit/marked-processes.ts";
import { type StartedProcess, startProcess } from "../../kit/processes.ts";
import { mostMib, residentMib, type ServerProcess, serverProcess } from "../../kit/server-process.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";

/**
 * A server as people start it; a worker as people start it, without an open port, and a page on its machine; and a worker with
 * a real key that means no good (CAT-50 to CAT-61).
 */
let folder: TempFolder;
let server: ServerProcess;
let honest: StartedProcess;
let honestId: string;
let evil: HostileWorker;
let evilId: string;
let page: Server;
let respond: (request: IncomingMessage, response: ServerResponse) => unknown;
const heard: string[] = [];
/** What the server may hold more than when it began; single attacks send several times as much. */
const spareMib = 160;

beforeAll(async () => {
  await freshBuild();
  folder = await tempFolder();
  page = createServer((request, response) => respond(request, response));
  new WebSocketServer({ server: page }).on("connection", (socket) => {
    socket.on("message", (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
  });
  page.on("connection", (socket) => socket.on("error", () => {}));
  page.listen(0, "127.0.0.1");
  await once(page, "listening");
  const { port } = page.address() as AddressInfo;
  server = await serverProcess(folder.file("server"));
  mkdirSync(folder.file("c/farhand"), { recursive: true });
  const configuration = {
    remoteAccess: { roles: { admin: "admin", operator: "operate", "*": "monitor" } },
    httpServices: { page: { host: "127.0.0.1", port }, deep: { host: "127.0.0.1", port, level: "admin" } },
  };
  writeFileSync(folder.file("c/farhand/worker.yaml"), JSON.stringify(configuration), { mode: 0o600 });
  const env = {
    ...{ HOME: folder.path, XDG_CONFIG_HOME: folder.file("c"), XDG_STATE_HOME: folder.file("s") },
    ...{ XDG_RUNTIME_DIR: folder.file("r"), ...processMark(folder.path) },
  };
  const words = ["worker", "join", server.url, "--token-file", "-", "--session", "--name", "honest"];
  honest = await startProcess(process.execPath, [programs.farhand, ...words], {
    env,
    input: await server.token("honest"),
  });
  honestId = await server.online("honest");
  evil = await hostileWorker(folder.file("evil"), server.url, await server.token("evil"));
  evilId = evil.membership.workerId;
  await evil.converse();
  await server.online("evil");
}, 200_000);
afterAll(async () => {
  await evil?.[Symbol.asyncDispose]();
  await honest?.stop("SIGTERM");
  await server?.[Symbol.asyncDispose]();
  page?.close();
  page?.closeAllConnections();
  endMarkedProcesses(folder.path);
  await folder?.[Symbol.asyncDispose]();
}, 60_000);
beforeEach(() => {
  heard.length = 0;
  respond = async (request, response) => {
    heard.push(request.url ?? "");
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers, bytes }));
  };
});

const base = (service = "page"): string => `/api/workers/${honestId}/http/${service}`;

/** A user of the server with a role, logged in. */
async function user(role: string): Promise<{ readonly auth: Record<string, string> }> {
  const name = `${role}-${randomUUID().slice(0, 8)}`;
  const password = `a good long one ${randomUUID()}`;
  const made = await server.ask("POST", "/api/users", { body: { name, role, password } });
  expect(made.status, made.text).toBe(201);
  const { json } = await ask(server.port, "POST", "/api/login", { body: { user: name, password } });
  return { auth: { authorization: `Bearer ${json.token}` } };
}

/** The hostile worker answers a page's request: its first words are as they should be, then comes what the test says. */
function evilPage(then: (stream: Duplex) => unknown): void {
  evil.serve = async (stream) => {
    sayWords(stream, { result: { service: "page" } });
    await then(stream);
  };
}

const evilBase = (): string => `/api/workers/${evilId}/http/page`;

describe("a page of a worker without an open port", () => {
  test("is reached with a body and a query, and knows nothing of who asks (CAT-44, CAT-55)", async () => {
    const headers = { "x-user": "root", "x-assertion": "v1.a.b", cookie: "a=b", "content-type": "text/plain" };
    const answer = await server.ask("PUT", `${base()}/things/1?deep=%2Fyes`, { raw: "x".repeat(500_000), headers });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ url: "/things/1?deep=%2Fyes", method: "PUT", bytes: 500_000 });
    const { port } = page.address() as AddressInfo;
    expect(answer.json["headers"]).toEqual({
      ...{ host: `127.0.0.1:${port}`, "content-type": "text/plain", "content-length": "500000" },
      ...{ "accept-encoding": "identity", connection: "close" },
    });
    expect(answer.headers["content-security-policy"]).toMatch(/^sandbox/);
  });

  test("has its WebSocket too", async () => {
    const socket = await openSocket(`wss://127.0.0.1:${server.port}${base()}/live`, server.auth);
    socket.socket.send("hello");
    expect((await socket.bytes()).toString()).toBe("hello");
    socket.socket.close();
    await socket.closed;
    const evilOrigin = openSocket(`wss://127.0.0.1:${server.port}${base()}/live`, {
      ...server.auth,
      origin: "https://evil.test",
    });
    await expect(evilOrigin).rejects.toMatchObject({ status: 403 });
  });

  test("the worker's own are there, at the level of who asks (CAT-16)", async () => {
    const status = await server.ask("GET", `${base("management")}/v1/status`);
    expect(status.status, status.text).toBe(200);
    expect(status.json).toMatchObject({ name: "honest" });
    const on = { body: { on: false } };
    expect(await server.ask("PUT", `${base("management")}/v1/switches/workers`, on)).toMatchObject({ status: 200 });
    const viewer = await user("viewer");
    expect(await server.ask("GET", `${base("management")}/v1/tasks`, viewer)).toMatchObject({ status: 200 });
    const low = await server.ask("PUT", `${base("management")}/v1/switches/workers`, { ...viewer, body: { on: true } });
    expect(low).toMatchObject({ status: 403, json: { code: "LEVEL_TOO_LOW" } });
    expect(await server.ask("POST", `${base("management")}/rpc`, { body: {} })).toMatchObject({ status: 404 });
  });

  test("is for nobody below its level, at the server or at the worker (CAT-57)", async () => {
    const [viewer, operator] = [await user("viewer"), await user("operator")];
    expect(await server.ask("GET", `${base()}/`, viewer)).toMatchObject({ json: { code: "LEVEL_TOO_LOW" } });
    expect(await server.ask("GET", `${base()}/`, operator)).toMatchObject({ status: 200 });
    const refused = [];
    for (const service of ["deep", "other", "constructor"])
      refused.push((await server.ask("GET", `${base(service)}/`, operator)).json);
    for (const each of refused) expect(each).toEqual(refused[0]);
    expect(refused[0]).toMatchObject({ status: 404, code: "SERVICE_UNKNOWN" });
    expect(await server.ask("GET", `${base("deep")}/`)).toMatchObject({ status: 200 });
  });

  test("is told nothing that was smuggled, in the path or behind a request (CAT-50, CAT-52)", async () => {
    const auth = `Host: 127.0.0.1\r\nAuthorization: ${server.auth["authorization"]}\r\n`;
    const paths = ["/../../..", "/%2e%2e/x", "/a%2f..%2fb", "//evil", "/a%0d%0aX-Evil:1", "/a%00", "/a\\b", "/%5c"];
    for (const path of paths) {
      const said = await raw(`GET ${base()}${path} HTTP/1.1\r\n${auth}Connection: close\r\n\r\n`);
      expect(said, path).toMatch(/^HTTP\/1.1 40[04] /);
    }
    const smuggled = `GET ${base()}/smuggled HTTP/1.1\r\n${auth}\r\n`;
    const bodies = [
      `Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
      `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ];
    for (const body of bodies) {
      const said = await raw(`POST ${base()}/first HTTP/1.1\r\n${auth}Connection: close\r\n${body}`);
      expect(said, body).toMatch(/^HTTP\/1.1 400 /);
    }
    expect(heard).toEqual([]);
  });

  test("is cut off with the session, and so is the connection on the worker's machine (CAT-67)", async () => {
    const operator = await user("operator");
    let closed: Promise<unknown> = Promise.resolve();
    respond = (request, response) => {
      // A reset is one as well.
      closed = new Promise((resolve) => request.socket.once("close", resolve));
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write("data: 1\n\n"), 20);
      response.once("close", () => clearInterval(timer));
    };
    const answer = await openAnswer(server.port, "GET", `${base()}/events`, operator);
    answer.on("error", () => {});
    await once(answer, "data");
    const over = new Promise((resolve) => answer.once("close", resolve));
    await ask(server.port, "POST", "/api/logout", operator);
    await Promise.all([over, closed]);
    expect(answer.complete).toBe(false);
  });

  test("that answers badly harms neither worker nor server", async () => {
    const bad = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(100_000)}\r\n`));
    });
    const { port } = page.address() as AddressInfo;
    page.closeAllConnections();
    await new Promise((resolve) => page.close(resolve));
    await new Promise<void>((resolve) => bad.listen(port, "127.0.0.1", resolve));
    expect(await server.ask("GET", `${base()}/`)).toMatchObject({ status: 502, json: { code: "PAGE_INVALID" } });
    await new Promise((resolve) => bad.close(resolve));
    expect(await server.ask("GET", `${base()}/`)).toMatchObject({ status: 502, json: { code: "SERVICE_UNREACHABLE" } });
    await new Promise<void>((resolve) => page.listen(port, "127.0.0.1", resolve));
    expect(await server.ask("GET", `${base()}/`)).toMatchObject({ status: 200 });
  });
});

describe("a hostile worker's page (CAT-60)", () => {
  const html = { "content-type": "text/html" };

  test.each<[string, JsonObject, number]>([
    [
      "cookies, places and rights",
      { status: 200, headers: { ...html, "set-cookie": "farhand_session=x", location: "/" } },
      200,
    ],
    ["a change of protocol", { status: 101, headers: {} }, 502],
    ["who asks must log in again", { status: 401, headers: { "www-authenticate": "Basic" } }, 502],
    ["a redirect", { status: 302, headers: { location: "https://evil.test" } }, 502],
    ["a header of two lines", { status: 200, headers: { etag: 'a"\r\nSet-Cookie: a=b' } }, 502],
    ["no answer", { hello: "world" }, 502],
  ])("that says %s", async (_what, head, status) => {
    evilPage((stream) => {
      sayWords(stream, { result: head });
      stream.end("<script>alert(1)</script>");
    });
    const answer = await server.ask("GET", `${evilBase()}/`);
    expect(answer.status, answer.text).toBe(status);
    for (const name of ["set-cookie", "location", "www-authenticate", "service-worker-allowed"])
      expect(answer.headers[name], name).toBeUndefined();
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["content-security-policy"]).toMatch(status === 200 ? /^sandbox; default-src 'none'/ : /none/);
  });

  test("of 256 MiB, and with as many headers as go into its words, costs the server nothing that stays", async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`x-${n}`, "y".repeat(20)]));
    evilPage((stream) => {
      sayWords(stream, { result: { status: 200, headers: many } });
      stream.end("few");
    });
    expect(await server.ask("GET", `${evilBase()}/`)).toMatchObject({ status: 200, text: "few" });
    const chunk = Buffer.alloc(1024 * 1024);
    evilPage(async (stream) => {
      sayWords(stream, { result: { status: 200, headers: {} } });
      for (let n = 0; n < 256 && stream.writable; n++) if (!stream.write(chunk)) await drained(stream);
      stream.end();
    });
    const before = residentMib(server.process.pid);
    const most = await mostMib(server.process.pid, async () => {
      const answer = await openAnswer(server.port, "GET", `${evilBase()}/`, { auth: server.auth });
      let bytes = 0;
      for await (const part of answer) bytes += (part as Buffer).length;
      expect(bytes).toBe(256 * chunk.length);
    });
    expect(most - before).toBeLessThan(spareMib);
  });

  test("that sends more than it said, or nothing more, is not taken for whole", async () => {
    for (const text of ["12345678", "12"]) {
      evilPage((stream) => {
        sayWords(stream, { result: { status: 200, headers: {}, length: 4 } });
        stream.end(text);
      });
      await expect(server.ask("GET", `${evilBase()}/`)).rejects.toThrow(/aborted|hang up|Parse Error/);
    }
    expect(await server.ask("GET", `${base()}/`)).toMatchObject({ status: 200 });
  });

  test("and its WebSocket: what is no message ends it, and others are served", async () => {
    evil.serve = (stream) => {
      sayWords(stream, { result: { service: "page" } });
      stream.write(Buffer.from([2, 0xff, 0xff, 0xff, 0xff]));
    };
    const socket = await openSocket(`wss://127.0.0.1:${server.port}${evilBase()}/`, server.auth);
    expect(await socket.next()).toMatchObject({ problem: { code: "MESSAGE_TOO_LARGE" } });
    expect(await socket.closed).toBeGreaterThan(4_000);
    expect(await server.ask("GET", `${base()}/`)).toMatchObject({ status: 200 });
  });
});

/** What comes back for these bytes, until the other side closes. */
async function raw(text: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
  let said = "";
  socket.on("data", (chunk: Buffer) => (said += chunk.toString())).on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(text);
  await once(socket, "close");
  return said;
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
    if (stream.closed) settle();
  });
}
