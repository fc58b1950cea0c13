import { createServer, type Server, type Socket } from "node:net";
import { chmodSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { command, openTestService, socketKinds, type TestService } from "../../test/kit/control-service.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { type ControlAddress, parseControlAddress } from "./address.ts";
import { type ControlClient, connectControl } from "./client.ts";
import { ControlError } from "./errors.ts";

const echo = command("echo", async (request) => request);
const submit = command("submit", async (_request, session) => {
  await session.writeLine("send stdin");
  let bytes = 0;
  for await (const chunk of session.payload()) bytes += chunk.length;
  return { bytes };
});
const results = command("results", async (_request, session) => {
  await session.writeLine("streaming");
  for (let i = 0; i < 64; i++) await session.write(Buffer.alloc(64 << 10, "z"));
  return "close";
});
const fail = command("fail", async () => {
  throw new ControlError("REQUEST_INVALID", "unknown work unit nope");
});
const hanging = { begin: () => {} };
const hang = command("hang", () => new Promise(() => hanging.begin()));
const commands = [echo, submit, results, fail, hang];

async function connected(service: TestService, signal?: AbortSignal): Promise<ControlClient & Disposable> {
  const client = await connectControl(service.address, { signal });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const piece of texts) yield Buffer.from(piece);
}

describe.each(socketKinds)("connectControl() over %s", (kind) => {
  test("reads the banner and makes many calls on one connection", async () => {
    await using service = await openTestService(kind, { commands });
    using client = await connected(service);
    expect(client.nodeId).toBe("alpha");
    expect(await client.call("echo one")).toEqual({ rest: "one" });
    expect(await client.call({ command: "echo", two: "zwei\u{1f600}\n" })).toEqual({
      command: "echo",
      two: "zwei\u{1f600}\n",
    });
  });

  test("throws the node's own text for an ERROR line and goes on", async () => {
    await using service = await openTestService(kind, { commands });
    using client = await connected(service);
    await expect(client.call("fail")).rejects.toMatchObject({
      code: "REMOTE_ERROR",
      message: "unknown work unit nope",
    });
    await expect(client.callLine("nope")).rejects.toMatchObject({ code: "REMOTE_ERROR", message: "Unknown command" });
    expect(await client.call("echo on")).toEqual({ rest: "on" });
  });

  test("sends a payload, half-closes and reads the reply", async () => {
    await using service = await openTestService(kind, { commands });
    using client = await connected(service);
    expect(await client.callLine("submit")).toBe("send stdin");
    await client.sendPayload(pieces("hello ", "world"));
    expect(await client.readJson()).toEqual({ bytes: 11 });
  });

  test("breaks the connection when the source of a payload fails", async () => {
    const ended = new Promise<unknown>((resolve) => {
      const watch = command("watch", async (_request, session) => {
        await session.writeLine("send stdin");
        try {
          for await (const _chunk of session.payload());
        } catch (error) {
          resolve(error);
          throw error;
        }
        resolve("a clean end");
        return {};
      });
      void (async () => {
        await using service = await openTestService(kind, { commands: [watch] });
        using client = await connected(service);
        await client.callLine("watch");
        const source = (async function* () {
          yield Buffer.from("half of it");
          throw new Error("the file went away");
        })();
        await expect(client.sendPayload(source)).rejects.toThrow("the file went away");
        await ended;
      })();
    });
    expect(await ended).toMatchObject({ code: "CLIENT_GONE" });
  });

  test("breaks the connection when it is closed in the middle of a payload", async () => {
    let ending: (how: unknown) => void = () => undefined;
    const ended = new Promise<unknown>((resolve) => {
      ending = resolve;
    });
    const watch = command("watch", async (_request, session) => {
      await session.writeLine("send stdin");
      try {
        for await (const _chunk of session.payload());
        ending("a clean end");
      } catch (error) {
        ending(error);
        throw error;
      }
      return {};
    });
    await using service = await openTestService(kind, { commands: [watch] });
    using client = await connected(service);
    await client.callLine("watch");
    const source = (async function* () {
      yield Buffer.from("half of it");
      await new Promise(() => undefined);
    })();
    void client.sendPayload(source).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    client.close();
    expect(await ended).toMatchObject({ code: "CLIENT_GONE" });
  });

  test("gives the bytes behind a line to the end, as chunks or as a stream", async () => {
    await using service = await openTestService(kind, { commands });
    using first = await connected(service);
    expect(await first.callLine("results")).toBe("streaming");
    let bytes = 0;
    for await (const chunk of first.bytes()) bytes += chunk.length;
    expect(bytes).toBe(4 << 20);
    using second = await connected(service);
    expect(await second.callLine("results")).toBe("streaming");
    expect(await text(second.stream())).toHaveLength(4 << 20);
  });

  test("says so when the connection is lost in a call", async () => {
    const began = new Promise<void>((resolve) => {
      hanging.begin = resolve;
    });
    await using service = await openTestService(kind, { commands, limits: { closeMs: 10 } });
    using client = await connected(service);
    const outcome = client.call("hang").catch((error: unknown) => error);
    await began;
    await service.listener.close();
    expect(await outcome).toMatchObject({ code: "CONNECTION_LOST", message: expect.stringContaining("alpha") });
  });

  test("ends every wait with the reason of its signal", async () => {
    await using service = await openTestService(kind, { commands });
    const stop = new AbortController();
    using client = await connected(service, stop.signal);
    const call = client.call("hang");
    stop.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(connectControl(service.address, { signal: stop.signal })).rejects.toThrow("enough");
  });

  test("refuses a request with a line break", async () => {
    await using service = await openTestService(kind, { commands });
    using client = await connected(service);
    await expect(client.call("echo a\necho b")).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    expect(await client.call("echo c")).toEqual({ rest: "c" });
  });

  test("says so when the node has too many sessions", async () => {
    await using service = await openTestService(kind, { limits: { sessions: 0 } });
    await expect(connectControl(service.address)).rejects.toMatchObject({
      code: "REMOTE_ERROR",
      message: expect.stringContaining("too many control sessions"),
    });
  });
});

describe("connectControl() says what is wrong", () => {
  test("when there is no socket", async () => {
    await using folder = await tempFolder();
    const path = folder.file("s");
    await expect(connectControl({ kind: "unix", path })).rejects.toMatchObject({
      code: "SOCKET_MISSING",
      message: expect.stringMatching(/^\/.*: .*is the daemon running/),
    });
  });

  test("when the file is no socket, or nobody listens on it", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("s"), "");
    await expect(connectControl({ kind: "unix", path: folder.file("s") })).rejects.toMatchObject({
      code: "CONNECTION_REFUSED",
    });
  });

  test("when nobody listens on the port", async () => {
    const server = await listening(() => {});
    server.close();
    await expect(connectControl(addressOf(server))).rejects.toMatchObject({
      code: "CONNECTION_REFUSED",
      message: expect.stringContaining("is the daemon running?"),
    });
  });

  test("when this user may not open the socket", async () => {
    await using service = await openTestService("unix");
    if (service.address.kind === "unix") chmodSync(service.address.path, 0);
    const isRoot = process.geteuid?.() === 0;
    // Root may open anything, so the one who knocks is somebody else for a moment.
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(connectControl(service.address)).rejects.toMatchObject({ code: "CONNECTION_DENIED" });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test.each([
    ["another banner", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["endless bytes", "x".repeat(100_000)],
    ["an end", ""],
  ])("when %s comes instead of a banner", async (_what, bytes) => {
    const server = await listening((socket) => void socket.end(bytes));
    await expect(connectControl(addressOf(server))).rejects.toMatchObject({ code: "NOT_RECEPTOR" });
    server.close();
  });

  test("when no banner comes", async () => {
    const server = await listening((socket) => void socket.resume());
    await expect(connectControl(addressOf(server), { timeoutMs: 20 })).rejects.toMatchObject({
      code: "CONNECT_TIMEOUT",
      message: expect.stringContaining("is TLS used on both sides"),
    });
    server.close();
  });

  test("when the reply is no JSON object", async () => {
    const server = await listening((socket) => void socket.on("data", () => socket.write("[1]\n")).write(banner));
    const client = await connectControl(addressOf(server));
    await expect(client.call("status")).rejects.toMatchObject({ code: "REPLY_INVALID" });
    client.close();
    server.close();
  });
});

const banner = "Receptor Control, node beta\n";

async function listening(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => serve(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  ports.set(server, (server.address() as { port: number }).port);
  return server;
}
const ports = new WeakMap<Server, number>();

function addressOf(server: Server): ControlAddress {
  return parseControlAddress(`tcp://127.0.0.1:${ports.get(server)}`);
}
