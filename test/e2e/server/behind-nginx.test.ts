import { readFileSync, writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, openSocket } from "../../kit/api.ts";
import { makeCertificates, type TestCertificates } from "../../kit/certificates.ts";
import { cliSession, type CliSession } from "../../kit/cli-session.ts";
import { freePort } from "../../kit/free-port.ts";
import { type Nginx, nginxProgram, startNginx } from "../../kit/nginx.ts";
import { join, portServer, type PortServer, startJoined } from "../../kit/port-server.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";

/** Shorter than the 60 s that are promised, and longer than our pings are apart. */
const idleSeconds = 20;
const longerMs = (idleSeconds + 6) * 1_000;

describe.skipIf(nginxProgram === undefined)("behind a real nginx that ends TLS, under a path (CAT-127)", () => {
  let folder: TempFolder;
  let certificates: TestCertificates;
  let nginx: Nginx;
  let server: PortServer;
  let worker: Awaited<ReturnType<typeof startJoined>>;
  let person: CliSession;
  let port: number;
  let auth: { authorization: string };
  const host = () => ({ host: `localhost:${port}` });

  beforeAll(async () => {
    await builtHelpers();
    folder = await tempFolder();
    certificates = await makeCertificates(folder.path);
    port = await freePort();
    const serverPort = await freePort();
    nginx = await startNginx({ ...certificates.server, port, serverPort, prefix: "/far/", idleSeconds });
    server = await portServer(folder, {
      ...{ plainHttp: true, publicUrl: `https://localhost:${port}/far`, trustedProxies: ["127.0.0.1"] },
      listen: { host: "127.0.0.1", port: serverPort },
    });
    const ca = readFileSync(certificates.ca, "utf8");
    await join({ folder, serverUrl: server.url, token: await server.token(), ca });
    const file = folder.file("shed-config/farhand/worker.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8")}\nshell: {enabled: true, level: admin, command: exec sh -i}\n`);
    worker = await startJoined(folder);
    await server.untilHere("shed");
    person = cliSession(folder.path);
    const password = folder.file("password");
    writeFileSync(password, `${server.running.firstAdmin?.password}\n`, { mode: 0o600 });
    const words = ["login", server.url, "--ca", certificates.ca, "--user", "admin", "--password-file", password];
    const { exit, err } = await person.farhand(...words);
    if (exit !== 0) throw new Error(err.join("\n"));
    const credentials = { user: "admin", password: readFileSync(password, "utf8").trim() };
    const { json } = await ask(port, "POST", "/far/api/login", { body: credentials, headers: host() });
    auth = { authorization: `Bearer ${(json as unknown as { token: string }).token}` };
  }, 120_000);
  afterAll(async () => {
    await worker?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await nginx?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test("a worker joins, and comes by its road although the proxy cannot show its certificate", async () => {
    expect(server.running.core.mesh.roadTo("shed")).toMatch(/^ws /);
    const [shed] = await server.running.core.registry.list();
    expect(shed).toMatchObject({
      name: "shed",
      addresses: { observed: expect.stringContaining("127.0.0.1") as string },
    });
  });

  test("commands go through: run with its payload, output and exit code, and a shell", async () => {
    expect(await person.farhand("run", "shed", "--", "sh", "-c", "echo through; exit 5")).toMatchObject({
      exit: 5,
      out: "through\n",
    });
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
    let screen = "";
    const write = async (chunk: Uint8Array): Promise<void> => {
      if (screen === "") stdin.write("echo $((6 * 7))-here; exit\r");
      screen += Buffer.from(chunk).toString();
    };
    await person.farhandOn({ stdin, write }, "shell", "shed");
    expect(screen).toContain("42-here\r\n");
  });

  test("what is silent for longer than the proxy bears stays: road, live feed, and a unit that says nothing", async () => {
    const live = await openSocket(`wss://127.0.0.1:${port}/far/api/live`, { ...auth, ...host() });
    live.socket.send("{}");
    expect(await live.next()).toMatchObject({ reset: true });
    const quiet = person.farhand("run", "shed", "--", "sh", "-c", `echo begun; sleep ${longerMs / 1_000}; echo done`);
    await sleep(longerMs);
    expect(live.socket.readyState).toBe(live.socket.OPEN);
    expect(await quiet).toMatchObject({ exit: 0, out: "begun\ndone\n" });
    // A request is noted when it is over: the road's and the feed's go on.
    const over = await nginx.requests();
    expect(over.filter((line) => /\/far\/(mesh|api\/live) /.test(line))).toEqual([]);
    live.socket.terminate();
  });

  test.each([
    "/far/api/workers/../users",
    "/far/api/workers/%2e%2e/users",
    "/far/api/workers/.%2E/rpc",
    "/far/api/./me",
    "//far/api/me",
    "/far//api/me",
    "/far/api//me",
    "/far/api/workers/a%2fb",
    "/far/api/workers/a%5cb",
    "/far/api/workers/a\\b",
    "/far/api/workers/a%00",
    "/far/api/workers/a%0d%0aX-User:%20root",
    "/far/api/workers/shed/units/..%2f..%2fetc",
    "/far/../api/me",
    "/api/me",
    "http://127.0.0.1/api/me",
    "https://evil.test/api/me",
    "*",
  ])("%s is refused on one side or the other, and nothing reaches the worker (CAT-50)", async (path) => {
    const lines = [`GET ${path} HTTP/1.1`, `Host: localhost:${port}`, `Authorization: ${auth.authorization}`];
    const answer = await raw(port, `${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);
    expect(["400", "404"]).toContain(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
  });

  test("who says at /mesh that it is the worker must prove it, and is nobody without", async () => {
    const road = server.running.core.mesh.roadTo("shed");
    const stranger = await openSocket(`wss://127.0.0.1:${port}/far/mesh`, { ...host(), "farhand-proof": "1" });
    expect(await stranger.next()).toMatchObject({ hub: "farhand-server" });
    stranger.socket.send(JSON.stringify({ node: "shed", signature: "A".repeat(86) }));
    expect(await stranger.closed).toBe(1008);
    expect(server.running.core.mesh.roadTo("shed")).toBe(road);
  });

  test("where a client comes from is what the proxy saw, and not what the client says (CAT-126)", async () => {
    const password = readFileSync(folder.file("password"), "utf8").trim();
    const body = JSON.stringify({ user: "admin", password });
    const forged = ["X-Forwarded-For: 198.51.100.7", "X-Real-IP: 198.51.100.7", "Forwarded: for=198.51.100.7"];
    const head = [`POST /far/api/login HTTP/1.1`, `Host: localhost:${port}`, "Content-Type: application/json"];
    const lines = [...head, ...forged, `Content-Length: ${body.length}`, "Connection: close"];
    expect(await raw(port, `${lines.join("\r\n")}\r\n\r\n${body}`, "127.0.0.2")).toMatch(/^HTTP\/1\.1 200/);
    const { text } = await ask(port, "GET", "/far/api/me/sessions", { auth, headers: host() });
    expect(text).toContain('"source":"127.0.0.2"');
    expect(text).not.toContain("198.51.100.7");
  });
});

/** Say something that no client would, over TLS. */
function raw(port: number, text: string, localAddress = "127.0.0.1"): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const there = { host: "127.0.0.1", port, localAddress, rejectUnauthorized: false };
    const socket = connect(there, () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk: string) => (heard += chunk));
    socket.once("error", reject).once("close", () => resolve(heard));
  });
}
