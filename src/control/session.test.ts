import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  command,
  openTestService,
  rawClient,
  type SocketKind,
  socketKinds,
  type TestService,
} from "../../test/kit/control-service.ts";
import type { ControlSession } from "./command.ts";
import { ControlError } from "./errors.ts";

const echo = command("echo", async (request) => request);

/** Counts its payload, and says how it broke off when it did. */
const count = command("count", async (_request, session) => {
  await session.writeLine("send it");
  let bytes = 0;
  for await (const chunk of session.payload()) bytes += chunk.length;
  return { bytes };
});

const results = command("results", async (_request, session) => {
  await session.writeLine("streaming");
  await session.write(Buffer.from("HELLO\n"));
  return "close";
});

const splice = command("splice", async (_request, session) => {
  await session.writeLine("Connecting");
  const stream = session.takeStream();
  stream.pipe(stream);
  await once(stream, "finish");
  return "close";
});

function promised<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Runs until its session is over, and says why that was. */
function watcher() {
  const began = promised<ControlSession>();
  const ended = promised<unknown>();
  const watch = command("watch", (_request, session) => {
    began.resolve(session);
    return new Promise((_resolve, reject) => {
      session.signal.addEventListener("abort", () => {
        ended.resolve(session.signal.reason);
        reject(session.signal.reason);
      });
    });
  });
  return { watch, began: began.promise, ended: ended.promise };
}

async function clientOf(service: TestService) {
  const client = rawClient(service);
  expect(await client.line()).toBe("Receptor Control, node alpha");
  return client;
}

describe.each(socketKinds)("a control session over %s", (kind: SocketKind) => {
  const open = (...commands: Parameters<typeof command>[]) =>
    openTestService(kind, { commands: [echo, count, results, splice, ...commands.map((made) => command(...made))] });

  test("sends the banner at once and answers one request after another", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("ECHO Hello  there\n");
    expect(await client.line()).toBe('{"rest":"Hello  there"}');
    client.send('{"command":"echo","a":[1]}\n');
    expect(await client.line()).toBe('{"command":"echo","a":[1]}');
  });

  test("takes pipelined lines in their order, drops carriage returns and ignores empty lines", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("echo 1\r\n\r\n\necho 2\necho 3\ne");
    client.send("cho\r 4\n");
    for (const n of [1, 2, 3, 4]) expect(await client.line()).toBe(`{"rest":"${n}"}`);
  });

  test("runs an unterminated last line once and ends", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("echo 1\necho 2");
    client.socket.end();
    expect(await client.rest()).toBe('{"rest":"1"}\n{"rest":"2"}\n');
  });

  test("answers faults with one ERROR line each and stays open", async () => {
    const broken: Parameters<typeof command> = [
      "broken",
      async () => {
        throw new TypeError("x is not\na function");
      },
    ];
    await using service = await open(broken);
    using client = await clientOf(service);
    client.send('nope\n{"command":"ECHO"}\n{"command":\n{}\n{"command":1}\nbroken\necho ok\n');
    expect(await client.line()).toBe("ERROR: Unknown command");
    expect(await client.line()).toBe("ERROR: Unknown command");
    expect(await client.line()).toMatch(/^ERROR: .*JSON/);
    expect(await client.line()).toBe("ERROR: JSON did not contain a command");
    expect(await client.line()).toBe("ERROR: command must be a string");
    expect(await client.line()).toBe("ERROR: internal error: x is not a function");
    expect(await client.line()).toBe('{"rest":"ok"}');
    expect(service.logged).toEqual(["a control command failed unexpectedly"]);
  });

  test("sends the text of an error that a command throws on purpose", async () => {
    const refuse: Parameters<typeof command> = [
      "refuse",
      async () => {
        throw new ControlError("REQUEST_INVALID", "unknown work unit\nx");
      },
    ];
    await using service = await open(refuse);
    using client = await clientOf(service);
    client.send("refuse\n");
    expect(await client.line()).toBe("ERROR: unknown work unit x");
    expect(service.logged).toEqual([]);
  });

  test("takes what stands behind the request line in the same packet for payload", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("count\nechoecho\necho\n");
    client.socket.end();
    expect(await client.rest()).toBe('send it\n{"bytes":14}\n');
  });

  test("takes a payload of many megabytes until the half-close", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("count\n");
    expect(await client.line()).toBe("send it");
    client.send(Buffer.alloc(32 << 20, "x"));
    client.socket.end();
    expect(await client.rest()).toBe('{"bytes":33554432}\n');
  });

  test("takes a bare FIN for a clean end of input and still answers", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("count\n12345");
    expect(await client.line()).toBe("send it");
    // Below TLS this sends no close_notify, as receptorctl does it.
    client.transport.end();
    expect(await client.line()).toBe('{"bytes":5}');
  });

  test("never takes a payload that was not read to its end for requests", async () => {
    const early: Parameters<typeof command> = [
      "early",
      async (_request, session) => {
        for await (const _chunk of session.payload()) throw new ControlError("REQUEST_INVALID", "disk full");
        return {};
      },
    ];
    await using service = await open(early);
    using client = await clientOf(service);
    client.send("early\n");
    client.send(Buffer.alloc(1 << 20, "echo evil\n"));
    expect(await client.rest()).toBe("ERROR: disk full\n");
  });

  test("ends a streaming command by closing, also when the client has half-closed before", async () => {
    await using service = await open();
    for (const halfClose of [true, false]) {
      using client = await clientOf(service);
      client.send("results\n");
      if (halfClose) client.socket.end();
      expect(await client.rest()).toBe("streaming\nHELLO\n");
    }
  });

  test("ends a streaming command that fails without a word, for it would be taken for output", async () => {
    const failing = command("failing", async (_request, session) => {
      await session.write(Buffer.from("HEL"));
      throw new ControlError("REQUEST_INVALID", "the disk is gone");
    });
    await using service = await openTestService(kind, { commands: [failing] });
    using client = await clientOf(service);
    client.send("failing\nfailing\n");
    expect(await client.rest()).toBe("HEL");
    expect(service.logged).toEqual(["a reply broke off: the disk is gone"]);
  });

  test("splices the stream with the bytes that were read ahead", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("splice\nfirst ");
    expect(await client.line()).toBe("Connecting");
    client.send("second");
    client.socket.end();
    expect(await client.rest()).toBe("first second");
  });

  test("splices what came together with the end of the input", async () => {
    await using service = await open();
    using client = await clientOf(service);
    client.send("splice\nall of it");
    client.socket.end();
    expect(await client.rest()).toBe("Connecting\nall of it");
  });

  test("waits for a slow reader and loses nothing", async () => {
    let written = 0;
    const flood: Parameters<typeof command> = [
      "flood",
      async (_request, session) => {
        for (; written < 512; written++) await session.write(Buffer.alloc(64 << 10, "y"));
        return "close";
      },
    ];
    await using service = await open(flood);
    using client = await clientOf(service);
    client.send("flood\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(512);
    expect(await client.rest()).toHaveLength(32 << 20);
  });

  test("tells a command that its client is gone, and a half-close is not that", async () => {
    const { watch, began, ended } = watcher();
    await using service = await openTestService(kind, { commands: [watch], limits: { stalledLineMs: 40 } });
    const client = await clientOf(service);
    client.send("watch\n");
    const session = await began;
    expect(session.signal.aborted).toBe(false);
    if (kind === "unix") {
      client.socket.end();
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(session.signal.aborted).toBe(false);
      client.socket.destroy();
    } else client.transport.resetAndDestroy();
    expect(await ended).toMatchObject({ code: "CLIENT_GONE" });
  });

  test("breaks the payload of a client that vanishes", async () => {
    const broken = promised<unknown>();
    const take: Parameters<typeof command> = [
      "take",
      async (_request, session) => {
        await session.writeLine("send it");
        try {
          for await (const _chunk of session.payload());
        } catch (error) {
          broken.resolve(error);
          throw error;
        }
        return {};
      },
    ];
    await using service = await open(take);
    using client = await clientOf(service);
    client.send("take\nhalf of ");
    expect(await client.line()).toBe("send it");
    if (kind === "unix") client.socket.destroy();
    else client.transport.resetAndDestroy();
    expect(await broken.promise).toMatchObject({ code: "CLIENT_GONE" });
    expect(service.logged).toEqual([]);
  });

  test("close() of the listener ends idle sessions and aborts running commands", async () => {
    const { watch, began } = watcher();
    await using service = await openTestService(kind, { commands: [watch] });
    using idle = await clientOf(service);
    using busy = await clientOf(service);
    busy.send("watch\n");
    await began;
    await service.listener.close();
    expect(await idle.rest()).toBe("");
    expect(await busy.rest()).toBe("ERROR: the daemon is shutting down\n");
  });
});
