import { createServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { join, portServer, startJoined } from "../../kit/port-server.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";

/** A name that leads nowhere but through the proxy, which knows it. */
const outside = "farm.test";

interface ConnectProxy extends AsyncDisposable {
  readonly host: string;
  readonly asked: string[];
}

/** A proxy that knows {@link outside}, lets through by CONNECT only, and wants to know who asks. */
async function connectProxy(port: number, credentials: string): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => {});
  };
  const wanted = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const proxy: HttpServer = createServer((_request, answer) => void answer.writeHead(405).end());
  proxy.on("connection", keep);
  proxy.on("connect", ({ url = "", headers }, near: Socket) => {
    asked.push(url);
    if (headers["proxy-authorization"] !== wanted)
      return near.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    const far = keep(connect(port, "127.0.0.1", () => near.write("HTTP/1.1 200 Connection established\r\n\r\n")));
    far.pipe(near).pipe(far);
    far.once("close", () => near.destroy());
    near.once("close", () => far.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

const failed = (why: RegExp): unknown =>
  expect.objectContaining({ code: "ENROLMENT_FAILED", message: expect.stringMatching(why) as string });

beforeAll(builtHelpers);
afterEach(() => vi.unstubAllEnvs());

function withoutProxy(): void {
  for (const name of ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy"])
    vi.stubEnv(name, "");
}

describe("a worker that is let out by an HTTP proxy only (CAT-127)", () => {
  test("joins and comes by the proxy of its environment, and shows it who asks", async () => {
    withoutProxy();
    await using folder = await tempFolder();
    await using server = await portServer(folder, { hostNames: [outside] });
    const { port } = server.running.api.address;
    await using proxy = await connectProxy(port, "ada:secret");
    const serverUrl = `https://${outside}:${port}`;
    const token = await server.token();
    vi.stubEnv("https_proxy", `http://ada:wrong@${proxy.host}`);
    await expect(join({ folder, serverUrl, token })).rejects.toEqual(failed(/proxy wants a user and a password/));
    vi.stubEnv("https_proxy", `http://ada:secret@${proxy.host}`);
    await join({ folder, serverUrl, token });
    await using worker = await startJoined(folder);
    await server.untilHere("shed");
    expect(await server.run("shed", "echo out")).toBe("out\n");
    expect(new Set(proxy.asked)).toEqual(new Set([`${outside}:${port}`]));
    // The password is in no log.
    expect(JSON.stringify(worker.logged)).not.toContain("secret");
    // NO_PROXY counts: then there is no way.
    vi.stubEnv("no_proxy", ".test");
    await expect(join({ folder, serverUrl, token, name: "other" })).rejects.toEqual(failed(/cannot be reached/));
  });

  test("takes the proxy of its configuration, whatever its environment says", async () => {
    withoutProxy();
    vi.stubEnv("https_proxy", "http://127.0.0.1:1");
    await using folder = await tempFolder();
    await using server = await portServer(folder, { hostNames: [outside] });
    const { port } = server.running.api.address;
    await using proxy = await connectProxy(port, "ada:secret");
    const env = { WORKER_PROXY: `http://ada:secret@${proxy.host}` };
    await join({ folder, serverUrl: `https://${outside}:${port}`, token: await server.token(), env });
    await using _worker = await startJoined(folder, "shed", env);
    await server.untilHere("shed");
    expect(server.running.core.mesh.roadTo("shed")).toMatch(/^ws /);
    expect(proxy.asked.length).toBeGreaterThan(2);
  });
});

describe("a server with several addresses (CAT-31)", () => {
  test("is tried at each in order: one that is down, one that swallows everything, then the one that answers", async () => {
    withoutProxy();
    await using folder = await tempFolder();
    await using server = await portServer(folder);
    const swallowed: Socket[] = [];
    const hole = createTcpServer((socket) => void swallowed.push(socket.on("error", () => {})));
    await new Promise<void>((resolve) => hole.listen(0, "127.0.0.1", resolve));
    const urls = ["https://127.0.0.1:1", `https://127.0.0.1:${(hole.address() as AddressInfo).port}`, server.url];
    const env = {
      ...{ WORKER_MODE: "cloud", WORKER_CONFIG: "web", WORKER_STATE_DIR: folder.file("state"), WORKER_NAME: "shed" },
      ...{ WORKER_SERVER_URL: urls.join(","), WORKER_TOKEN: await server.token() },
    };
    await using worker = await startJoined(folder, "shed", env);
    await server.untilHere("shed");
    expect(swallowed.length).toBeGreaterThan(0);
    expect(worker.service.setup.identity.membership()?.serverUrl).toBe(server.url);
    for (const socket of swallowed) socket.destroy();
    await new Promise((resolve) => hole.close(resolve));
  });
});
