import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { command, openTestService, rawClient, socketKinds } from "../../test/kit/control-service.ts";

const echo = command("echo", async (request) => request);
const banner = "Receptor Control, node alpha";

describe.each(socketKinds)("limits over %s", (kind) => {
  test("a line that is too long is answered by one ERROR line and the end", async () => {
    await using service = await openTestService(kind, { commands: [echo], limits: { lineBytes: 1000 } });
    using client = rawClient(service);
    expect(await client.line()).toBe(banner);
    client.send(`echo ${"x".repeat(995)}\n`);
    expect(await client.line()).toMatch(/^\{"rest":"x{995}"\}$/);
    client.send("x".repeat(3_000_000));
    expect(await client.rest()).toBe("ERROR: line is longer than 1000 bytes\n");
  });

  test("a request line that stalls half-sent ends the session, a session between two requests may wait", async () => {
    await using service = await openTestService(kind, { commands: [echo], limits: { stalledLineMs: 30 } });
    using idle = rawClient(service);
    expect(await idle.line()).toBe(banner);
    using stalled = rawClient(service);
    expect(await stalled.line()).toBe(banner);
    stalled.send("ech");
    expect(await stalled.rest()).toBe("ERROR: request line not finished within 30 ms\n");
    idle.send("echo still here\n");
    expect(await idle.line()).toBe('{"rest":"still here"}');
  });

  test("a command may run longer than a line may stall", async () => {
    const slow = command("slow", async () => {
      await sleep(80);
      return { done: true };
    });
    await using service = await openTestService(kind, { commands: [slow], limits: { stalledLineMs: 20 } });
    using client = rawClient(service);
    client.send("slow\nslow\n");
    client.socket.end();
    expect(await client.rest()).toBe(`${banner}\n{"done":true}\n{"done":true}\n`);
  });

  test("JSON nested too deep is refused and the session goes on", async () => {
    await using service = await openTestService(kind, { commands: [echo], limits: { jsonDepth: 3 } });
    using client = rawClient(service);
    client.send('{"command":"echo","a":[[[]]]}\necho ok\n');
    client.socket.end();
    expect(await client.rest()).toBe(`${banner}\nERROR: JSON is nested deeper than 3 levels\n{"rest":"ok"}\n`);
  });

  test("sessions beyond the limit are told so, and a place that is free is given again", async () => {
    await using service = await openTestService(kind, { commands: [echo], limits: { sessions: 2 } });
    const first = rawClient(service);
    using second = rawClient(service);
    expect([await first.line(), await second.line()]).toEqual([banner, banner]);
    using third = rawClient(service);
    expect(await third.rest()).toBe("ERROR: too many control sessions over sockets (limit 2), try again later\n");
    first.socket.end();
    expect(await first.rest()).toBe("");
    first[Symbol.dispose]();
    expect(await nextBanner(service)).toBe(banner);
  });

  test("a client that never hangs up is hung up on after its session", async () => {
    const bye = command("bye", async () => "close");
    await using service = await openTestService(kind, { commands: [bye], limits: { lingerMs: 20 } });
    using client = rawClient(service);
    client.send("bye\n");
    expect(await client.rest()).toBe(`${banner}\n`);
    // The half of the connection that the client keeps open breaks once the server has let go.
    const gone = new Promise((resolve) => client.transport.once("error", resolve).once("close", resolve));
    const talk = setInterval(() => client.send("still here\n"), 10);
    await gone;
    clearInterval(talk);
  });

  test("a command that does not heed the signal is cut off", async () => {
    const stuck = command("stuck", () => new Promise(() => {}));
    await using service = await openTestService(kind, { commands: [stuck], limits: { closeMs: 20 } });
    using client = rawClient(service);
    client.send("stuck\n");
    expect(await client.line()).toBe(banner);
    await service.listener.close();
    expect(await client.rest().catch(() => "")).toBe("");
  });
});

/** The first line of a new client, once the server has noticed that an old one is gone. */
async function nextBanner(service: Awaited<ReturnType<typeof openTestService>>): Promise<string> {
  for (;;) {
    using client = rawClient(service);
    const line = await client.line();
    if (!line.startsWith("ERROR:")) return line;
    await sleep(5);
  }
}

test("a TLS handshake that never comes ends that connection only", async () => {
  await using service = await openTestService("tls", { commands: [echo], limits: { handshakeMs: 1500 } });
  if (service.address.kind === "unix") throw new Error("a TLS service has a port");
  const silent = connect(service.address.port, "127.0.0.1");
  const ended = new Promise((resolve) => silent.once("close", resolve));
  silent.on("error", () => {}).resume();
  using client = rawClient(service);
  expect(await client.line()).toBe(banner);
  await ended;
  client.send("echo ok\n");
  expect(await client.line()).toBe('{"rest":"ok"}');
  expect(service.logged).toEqual([expect.stringContaining("refused a TLS client")]);
});

test("close() does not wait for a TLS handshake that never comes", async () => {
  await using service = await openTestService("tls");
  if (service.address.kind === "unix") throw new Error("a TLS service has a port");
  const silent = connect(service.address.port, "127.0.0.1");
  silent.on("error", () => {}).resume();
  const ended = new Promise((resolve) => silent.once("close", resolve));
  await new Promise((resolve) => silent.once("connect", resolve));
  using other = rawClient(service);
  expect(await other.line()).toBe(banner);
  await service.listener.close();
  await ended;
});
