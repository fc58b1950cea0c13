import { request } from "node:http";
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { apiKit, eventually, openAnswer, openSocket } from "../../../test/kit/api.ts";

const kit = apiKit();

/** A proxy that does TLS for a server behind it, under a path, and says where a request comes from. */
async function tlsProxy(port: number) {
  const { cert, key } = kit.certificates().server;
  const proxy = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
  const headersOf = (headers: NodeJS.Dict<string | string[]>) => ({
    ...headers,
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
  });
  const sockets = new Set<Socket>();
  proxy.on("request", (incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const passed = request({ host: "127.0.0.1", port, method, path, headers: headersOf(headers) }, (inner) => {
      answer.writeHead(inner.statusCode ?? 502, inner.headers);
      inner.pipe(answer);
    });
    incoming.pipe(passed);
  });
  proxy.on("upgrade", (incoming, socket: Socket) => {
    const behind = connect(port, "127.0.0.1");
    sockets.add(behind);
    const lines = Object.entries(headersOf(incoming.headers)).map(([name, value]) => `${name}: ${value}\r\n`);
    behind.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
    behind.pipe(socket).on("error", () => {});
    socket.pipe(behind).on("error", () => {});
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: own } = proxy.address() as { port: number };
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    proxy.close();
  };
  return { port: own, [Symbol.dispose]: close };
}

describe("behind a proxy that does TLS, under a path (CAT-127)", () => {
  test("pages, cookies and WebSockets work, and the true source is known", async () => {
    const publicUrl = "https://farhand.example/far/";
    await using api = await kit.open({ tls: undefined as never, trustedProxies: ["127.0.0.1"], publicUrl });
    const { token, auth } = await api.user("zoe", "viewer");
    using proxy = await tlsProxy(api.port);
    const host = { host: "farhand.example" };
    const login = await openAnswer(proxy.port, "POST", "/far/api/login", {
      body: { user: "zoe", password: "a horse in the corridor", browser: true },
      headers: { ...host, origin: "https://farhand.example" },
    });
    expect(login.statusCode).toBe(200);
    expect(login.headers["set-cookie"]?.[0]).toContain("; Secure");
    login.resume();
    const sessions = await openAnswer(proxy.port, "GET", "/far/api/me/sessions", { auth, headers: host });
    expect(await text(sessions)).toContain('"source":"203.0.113.9"');
    const cookie = `farhand_session=${token}`;
    const own = { ...host, cookie, origin: "https://farhand.example" };
    const live = await openSocket(`wss://127.0.0.1:${proxy.port}/far/api/live`, own);
    live.socket.send("{}");
    expect(await live.next()).toMatchObject({ reset: true });
    live.socket.terminate();
    const foreign = { ...own, origin: "https://evil.test" };
    await expect(openSocket(`wss://127.0.0.1:${proxy.port}/far/api/live`, foreign)).rejects.toMatchObject({
      status: 403,
    });
    for (const path of ["/far/api/workers/%2e%2e/me", "/far//api/me", "/far/api/workers/a%2fb"]) {
      const answer = await openAnswer(proxy.port, "GET", path, { auth, headers: host });
      expect([400, 404]).toContain(answer.statusCode);
      answer.resume();
    }
  });
});

test("a certificate that was renewed is shown to the next connection", async () => {
  await using api = await kit.open();
  const seen = async (): Promise<string> => {
    const answer = await openAnswer(api.port, "GET", "/healthz");
    answer.resume();
    return (answer.socket as unknown as { getPeerCertificate(): { fingerprint256: string } }).getPeerCertificate()
      .fingerprint256;
  };
  const before = await seen();
  expect(before).toMatch(/^[0-9A-F:]{95}$/);
  await kit.renewCertificate();
  // Files are looked at once a second.
  await eventually(seen).not.toBe(before);
});

test("another handler may take WebSocket upgrades before the API does", async () => {
  const paths: (string | undefined)[] = [];
  await using api = await kit.open({
    upgrade: ({ url }, socket) => {
      paths.push(url);
      if (url !== "/mesh") return false;
      socket.end("HTTP/1.1 418 Mine\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      return true;
    },
  });
  await expect(api.socket("/mesh")).rejects.toMatchObject({ status: 418 });
  await expect(api.socket("/api/live")).rejects.toMatchObject({ status: 401 });
  expect(paths).toEqual(["/mesh", "/api/live"]);
});
