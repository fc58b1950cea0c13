import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { Closers } from "#core";
import { freshBuild } from "../kit/daemon.ts";
import { freePort } from "../kit/free-port.ts";
import { forwardProxy } from "../kit/http-proxy.ts";
import { rabbitmqServer, startRabbitmq } from "../kit/rabbitmq.ts";
import { describeWithReceptorctl, receptorctl } from "../kit/receptorctl.ts";
import { tempFolder } from "../kit/temp-folder.ts";
import { type ExampleMesh, makeCertificates, meshOf } from "./example-mesh.ts";

beforeAll(freshBuild);

describeWithReceptorctl("examples/mesh-foo.yml and examples/mesh-bar.yml", () => {
  test("are a mesh: a unit of bar is handed in at foo, and its output comes back", async () => {
    const port = await freePort();
    await using mesh = await meshOf({
      "mesh-foo.yml": { "port: 2222": `port: ${port}` },
      "mesh-bar.yml": { "localhost:2222": `localhost:${port}`, "sleep 1": "sleep 0.1" },
    });
    await mesh.untilRoute("mesh-foo.yml", "bar");
    const foo = mesh.socketOf("mesh-foo.yml");
    const unit = await receptorctl(foo, "work", "submit", "echoint", "--node", "bar", "--no-payload", "-f");
    expect(unit).toMatchObject({ code: 0, stdout: "1\n2\n3\n4\n5\n" });
    const capitals = await mesh.farhand(
      "mesh-foo.yml",
      "work",
      "submit",
      "uppercase",
      "--node",
      "bar",
      "-l",
      "hi",
      "-f",
    );
    expect(capitals).toMatchObject({ code: 0, stdout: "HI\n" });
    expect((await mesh.farhand("mesh-foo.yml", "traceroute", "bar")).stdout).toMatch(/^ 0 {2}foo .*\n 1 {2}bar /);
  });
});

describe("examples/mesh-tls-foo.yml and examples/mesh-tls-bar.yml", () => {
  test("join by certificates made as the page says, and take no work without one", async () => {
    const port = await freePort();
    await using mesh = await meshOf(
      {
        "mesh-tls-foo.yml": { "port: 2222": `port: ${port}, bindaddr: 127.0.0.1` },
        "mesh-tls-bar.yml": { "foo.example:2222": `127.0.0.1:${port}` },
      },
      makeCertificates,
    );
    await mesh.untilRoute("mesh-tls-foo.yml", "bar");
    const submit = ["work", "submit", "uptime", "--node", "bar", "--no-payload", "-f"];
    const unit = await mesh.farhand("mesh-tls-foo.yml", ...submit, "--tls-client", "mesh");
    expect(unit).toMatchObject({ code: 0, stdout: expect.stringContaining("load average") });
    const open = await mesh.farhand("mesh-tls-foo.yml", ...submit);
    expect(open).toMatchObject({ code: 125, stderr: expect.stringContaining("TLS error") });
    expect((await mesh.farhand("mesh-tls-foo.yml", "status")).stdout).toMatch(/certificates\n.*tls-server .* left/);
  });
});

describe("examples/proxies-near.yml and examples/proxies-far.yml", () => {
  test("carry TCP, UDP and Unix sockets", async () => {
    const halfOpen = { allowHalfOpen: true };
    await using folder = await tempFolder();
    const closers = new Closers();
    const [web, postgres] = [createServer(halfOpen), createServer(halfOpen)];
    for (const server of [web, postgres]) {
      server.on("connection", answerAtTheEnd);
      closers.add({ close: async () => void server.close() });
    }
    const dns = createSocket("udp4", (message, { port }) => dns.send(`${message.toString()}!`, port, "127.0.0.1"));
    closers.add({ close: async () => void dns.close() });
    await Promise.all([
      new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve)),
      new Promise<void>((resolve) => postgres.listen(folder.file("postgres"), resolve)),
      new Promise<void>((resolve) => dns.bind(0, "127.0.0.1", resolve)),
    ]);
    const [port, webPort, dnsPort] = [await freePort(), await freePort(), await freePort()];
    try {
      await using mesh = await meshOf({
        "proxies-near.yml": {
          "port: 2222": `port: ${port}`,
          "port: 8080": `port: ${webPort}`,
          "port: 5353": `port: ${dnsPort}`,
          "/tmp/.s.PGSQL.5432": "{place}/postgres",
        },
        "proxies-far.yml": {
          "localhost:2222": `localhost:${port}`,
          '"127.0.0.1:80"': `"127.0.0.1:${(web.address() as AddressInfo).port}"`,
          '"127.0.0.1:53"': `"127.0.0.1:${dns.address().port}"`,
          "/var/run/postgresql/.s.PGSQL.5432": folder.file("postgres"),
        },
      });
      await mesh.untilRoute("proxies-near.yml", "far");
      const ask = async (where: { port: number } | { path: string }): Promise<string> => {
        const socket = connect({ ...where, allowHalfOpen: true });
        socket.end("hello");
        return await text(socket);
      };
      expect(await ask({ port: webPort })).toBe("hello!");
      expect(await ask({ path: join(mesh.place, "postgres") })).toBe("hello!");
      expect(await askByUdp(dnsPort)).toBe("hello!");
    } finally {
      await closers.close();
    }
  });
});

/** Answer when the asker is through: a connection that is closed on one side crosses the mesh, too. */
function answerAtTheEnd(socket: Socket): void {
  let asked = "";
  socket.on("data", (chunk) => (asked += chunk.toString()));
  socket.on("end", () => socket.end(`${asked}!`));
}

/** Ask until an answer comes: datagrams may be lost, and the first ones are while the far end is looked for. */
async function askByUdp(port: number): Promise<string> {
  const socket = createSocket("udp4");
  const answer = new Promise<string>((resolve) => socket.once("message", (message) => resolve(message.toString())));
  const asking = setInterval(() => socket.send("hello", port, "127.0.0.1"), 200);
  try {
    return await answer;
  } finally {
    clearInterval(asking);
    socket.close();
  }
}

/** A unit of the leaf, handed in at the hub. */
async function expectUptime(mesh: ExampleMesh, [hub, leaf]: readonly [string, string], leafId = "leaf"): Promise<void> {
  await mesh.untilRoute(hub, leafId);
  const unit = await mesh.farhand(hub, "work", "submit", "uptime", "--node", leafId, "--no-payload", "-f");
  expect(unit).toMatchObject({ code: 0, stdout: expect.stringContaining("load average") });
  expect((await mesh.farhand(leaf, "work", "list")).stdout).toMatch(/Succeeded +uptime/);
}

describe("examples/http-hub.yml and examples/http-leaf.yml", () => {
  test("meet over HTTP, through a proxy that the environment names", async () => {
    const port = await freePort();
    await using proxy = await forwardProxy();
    await using mesh = await meshOf(
      {
        "http-hub.yml": { "port: 8443": `port: ${port}` },
        // A loopback name would be dialled directly: NO_PROXY of this machine may say so.
        "http-leaf.yml": { "localhost:8443": `127.0.0.1:${port}` },
      },
      undefined,
      { HTTP_PROXY: proxy.url, http_proxy: proxy.url, NO_PROXY: "", no_proxy: "" },
    );
    await expectUptime(mesh, ["http-hub.yml", "http-leaf.yml"]);
    expect(proxy.asked.some((line) => line.startsWith(`POST http://127.0.0.1:${port}/mesh`))).toBe(true);
  });
});

describe.skipIf(rabbitmqServer === undefined)("examples/amqp-hub.yml and examples/amqp-leaf.yml", () => {
  test("meet at a RabbitMQ", async () => {
    await using broker = await startRabbitmq();
    const prepare = async (place: string) => writeFileSync(join(place, "broker-url"), `${broker.url}\n`);
    await using mesh = await meshOf({ "amqp-hub.yml": {}, "amqp-leaf.yml": {} }, prepare);
    await expectUptime(mesh, ["amqp-hub.yml", "amqp-leaf.yml"]);
  });
});

describe("examples/stub.yml", () => {
  test("works for the hub it hangs off, and for every node behind that", async () => {
    const port = await freePort();
    const at = { "localhost:2222": `localhost:${port}` };
    await using mesh = await meshOf({
      "mesh-foo.yml": { "port: 2222": `port: ${port}` },
      "mesh-bar.yml": at,
      "stub.yml": at,
    });
    await expectUptime(mesh, ["mesh-foo.yml", "stub.yml"], "stub");
    await expectUptime(mesh, ["mesh-bar.yml", "stub.yml"], "stub");
  });
});
