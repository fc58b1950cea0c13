import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { command, openTestService, rawClient, type TestService } from "../../test/kit/control-service.ts";
import { controlLimits } from "./settings.ts";

const banner = "Receptor Control, node alpha\n";
const echo = command("echo", async (request) => request);

/** The two ends of a connection, as the mesh hands one of them to the service. */
async function roads(): Promise<AsyncDisposable & { open(service: TestService, node: string): Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const ends: Socket[] = [];
  return {
    async open(service, node) {
      const accepted = once(server, "connection") as Promise<[Socket]>;
      const near = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      const [far] = await accepted;
      ends.push(
        near.on("error", () => {}),
        far,
      );
      service.listener.serve(far, "mesh", node);
      return near;
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

/** The first bytes that come: a banner, or why there is none. */
async function greeting(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}

test("a node that fills its places is told so; another node, and the socket, still get in", async () => {
  await using service = await openTestService("unix", { commands: [echo], limits: { sessions: 1, nodeSessions: 3 } });
  await using mesh = await roads();
  for (let n = 0; n < 3; n++) expect(await greeting(await mesh.open(service, "evil"))).toBe(banner);
  const refusal = "ERROR: too many control sessions from node evil (limit 3), try again later\n";
  for (let n = 0; n < 5; n++) expect(await text(await mesh.open(service, "evil"))).toBe(refusal);
  expect(await greeting(await mesh.open(service, "good"))).toBe(banner);
  using local = rawClient(service);
  local.send("echo here\n");
  local.socket.end();
  expect(await local.rest()).toBe(`${banner}{"rest":"here"}\n`);
});

test("a node whose command is under way when the daemon goes is cut off, and told nothing it could take for an answer", async () => {
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const waits = command("wait", async (_request, session) => {
    begin();
    await once(session.signal, "abort");
    throw session.signal.reason;
  });
  await using service = await openTestService("unix", { commands: [waits] });
  await using mesh = await roads();
  const node = await mesh.open(service, "good");
  expect(await greeting(node)).toBe(banner);
  node.write("wait now\n");
  await begun;
  const rest = text(node).catch(() => "");
  await service.listener.close();
  expect(await rest).toBe("");
});

test("nodes of many names fill the mesh's places, and none of a socket's", async () => {
  await using service = await openTestService("tcp", { limits: { sessions: 2, networkSessions: 2, meshSessions: 4 } });
  await using mesh = await roads();
  for (let n = 0; n < 4; n++) expect(await greeting(await mesh.open(service, `evil${n}`))).toBe(banner);
  const refusal = "ERROR: too many control sessions over the mesh (limit 4), try again later\n";
  expect(await text(await mesh.open(service, "evil4"))).toBe(refusal);
  using local = rawClient(service);
  expect(await local.line()).toBe(banner.trimEnd());
});

test("a place on the mesh that is free is given again", async () => {
  await using service = await openTestService("unix", { limits: { nodeSessions: 1 } });
  await using mesh = await roads();
  for (let n = 0; n < 4; n++) {
    let said = "";
    // The service notices the end of the session before a moment later.
    while (said !== banner) {
      const stream = await mesh.open(service, "node");
      said = await greeting(stream);
      stream.destroy();
      await sleep(2);
    }
    expect(said).toBe(banner);
  }
});

test.each(["tcp", "tls"] as const)("clients over %s leave places for the Unix socket", async (kind) => {
  await using service = await openTestService(kind, { limits: { sessions: 3, networkSessions: 2 } });
  using first = rawClient(service);
  using second = rawClient(service);
  for (const client of [first, second]) expect(await client.line()).toBe(banner.trimEnd());
  using third = rawClient(service);
  expect(await third.rest()).toBe("ERROR: too many control sessions over TCP (limit 2), try again later\n");
});

test("unless set otherwise TCP and one node are kept from taking everything", () => {
  expect(controlLimits.networkSessions).toBeLessThan(controlLimits.sessions);
  expect(controlLimits.nodeSessions).toBeLessThan(controlLimits.meshSessions);
});

test.each([
  ["nothing", ""],
  ["blank lines", "\n"],
  ["one letter after the other", "x"],
])("a mesh session that sends %s is ended; one on a socket is not", async (_what, bytes) => {
  await using service = await openTestService("unix", { commands: [echo], limits: { idleMeshMs: 60 } });
  await using mesh = await roads();
  using local = rawClient(service);
  expect(await local.line()).toBe(banner.trimEnd());
  const stream = await mesh.open(service, "idle");
  const talk = setInterval(() => stream.write(bytes), 5);
  expect(await text(stream)).toBe(`${banner}ERROR: no request within 60 ms over the mesh\n`);
  clearInterval(talk);
  local.send("echo here\n");
  expect(await local.line()).toBe('{"rest":"here"}');
});

test("a mesh session whose command takes its time is not idle", async () => {
  const slow = command("slow", async () => {
    await sleep(150);
    return { done: true };
  });
  await using service = await openTestService("unix", { commands: [slow], limits: { idleMeshMs: 40, lingerMs: 40 } });
  await using mesh = await roads();
  const stream = await mesh.open(service, "busy");
  stream.end("slow\n");
  expect(await text(stream)).toBe(`${banner}{"done":true}\n`);
});
