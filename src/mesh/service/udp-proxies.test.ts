import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, silentLog } from "#core";
import { type TestNode, twoNodes } from "../../../test/kit/two-nodes.ts";
import { IdleTable } from "./idle-table.ts";
import type { OpenProxy } from "./proxy.ts";
import { openUdpClient } from "./udp-client.ts";
import { openUdpServer } from "./udp-server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const with_ = (node: TestNode) => ({ openDatagrams: node.openDatagrams, log: silentLog });

function keep<T extends OpenProxy>(proxy: T): T {
  closing.push(() => proxy.close());
  return proxy;
}

async function udp(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  closing.push(() => new Promise<void>((resolve) => void socket.close(() => resolve())));
  return { socket, port: socket.address().port };
}

async function next(socket: Socket): Promise<string> {
  const [payload] = await once(socket, "message");
  return String(payload);
}

const portOf = (proxy: OpenProxy): number => Number(/:(\d+)$/.exec(proxy.addresses[0] ?? "")?.[1]);

/** Time that a test turns by hand. */
function handClock() {
  let elapsed = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => elapsed,
    elapsed: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ at: elapsed + ms, wake: resolve });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const pass = async (ms: number): Promise<void> => {
    elapsed += ms;
    const due = sleepers.filter(({ at }) => at <= elapsed);
    sleepers = sleepers.filter(({ at }) => at > elapsed);
    for (const { wake } of due) wake();
    await new Promise(setImmediate);
  };
  return { clock, pass };
}

/** An echo server behind beta, reached by a UDP port of alpha. */
async function echoAcross(limits = { entries: 100, idleMs: 1000 }) {
  const nodes = twoNodes();
  closing.push(() => nodes[Symbol.dispose]());
  const { clock, pass } = handClock();
  const sources = new Set<number>();
  const echo = await udp();
  echo.socket.on("message", (payload, { port }) => {
    sources.add(port);
    echo.socket.send(`echo ${payload.toString()}`, port, "127.0.0.1");
  });
  const address = `localhost:${echo.port}`;
  const offered = keep(openUdpClient({ service: "echo", address, limits, clock }, with_(nodes.beta)));
  const remote = { node: "beta", service: "echo" };
  const server = keep(await openUdpServer({ host: "127.0.0.1", port: 0, remote, limits, clock }, with_(nodes.alpha)));
  const ask = async ({ socket }: { socket: Socket }, text: string): Promise<string> => {
    const answer = next(socket);
    socket.send(text, portOf(server), "127.0.0.1");
    return answer;
  };
  return { ...nodes, offered, address, pass, sources, ask };
}

describe("udp-server and udp-client", () => {
  test("carry packets to an address at the other node, and its answers back to who asked", async () => {
    const { offered, address, ask, sources } = await echoAcross();
    expect(offered.offers).toEqual({ service: "echo", tags: { type: "UDP Proxy", address } });
    const [one, two] = [await udp(), await udp()];
    expect(await Promise.all([ask(one, "from one"), ask(two, "from two")])).toEqual(["echo from one", "echo from two"]);
    expect(await ask(one, "again")).toBe("echo again");
    // Each source has one socket of its own at the far end.
    expect(sources.size).toBe(2);
  });

  test("an answer from anybody but the remote service is ignored", async () => {
    const { alpha, beta } = twoNodes();
    const { socket } = await udp();
    const remote = { node: "beta", service: "real" };
    const server = keep(await openUdpServer({ host: "127.0.0.1", port: 0, remote }, with_(alpha)));
    const other = beta.openDatagrams("other", { received: () => {}, unreachable: () => {} });
    const real = beta.openDatagrams("real", {
      received: (_, fromNode, fromService) => {
        other.send(fromNode, fromService, Buffer.from("forged"));
        real.send(fromNode, fromService, Buffer.from("true"));
      },
      unreachable: () => {},
    });
    const answer = next(socket);
    socket.send("?", portOf(server), "127.0.0.1");
    expect(await answer).toBe("true");
  });

  test("a source that was silent for long is forgotten, one that is used is not", async () => {
    const { alpha, ask, pass, sources } = await echoAcross();
    const [busy, silent] = [await udp(), await udp()];
    await ask(silent, "once");
    for (let n = 0; n < 6; n++) {
      await ask(busy, "still here");
      await pass(250);
    }
    expect(alpha.datagramSockets).toBe(1);
    expect(sources.size).toBe(2);
    expect(await ask(silent, "back")).toBe("echo back");
    expect(sources.size).toBe(3);
  });

  test("there are only so many sources, and the one silent longest makes room", async () => {
    const { alpha, ask } = await echoAcross({ entries: 3, idleMs: 1000 });
    for (let n = 0; n < 5; n++) await ask(await udp(), `source ${n}`);
    expect(alpha.datagramSockets).toBe(3);
  });

  test("a packet that does not fit the mesh is dropped, and the next one goes", async () => {
    const { ask } = await echoAcross();
    const asker = await udp();
    const answer = next(asker.socket);
    void ask(asker, "x".repeat(20_000));
    void ask(asker, "short");
    expect(await answer).toBe("echo short");
  });

  test("close() frees the port", async () => {
    const { alpha } = twoNodes();
    const options = { host: "127.0.0.1", port: 0, remote: { node: "beta", service: "s" } };
    const first = await openUdpServer(options, with_(alpha));
    const again = { ...options, port: portOf(first) };
    await expect(openUdpServer(again, with_(alpha))).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    await first.close();
    await (await openUdpServer(again, with_(alpha))).close();
  });
});

describe("IdleTable", () => {
  test("closes each thing once: when idle, when pushed out, when dropped, or at the end", async () => {
    const { clock, pass } = handClock();
    const closed: string[] = [];
    const table = new IdleTable({ entries: 2, idleMs: 100 }, clock);
    const use = (name: string) => table.use(name, () => ({ close: () => void closed.push(name) }));
    use("a");
    await pass(60);
    use("b");
    await pass(60);
    expect(closed).toEqual(["a"]);
    use("c");
    table.touch("b");
    table.touch("nobody");
    use("d");
    expect(closed).toEqual(["a", "c"]);
    table.drop("d");
    table.close();
    expect(closed).toEqual(["a", "c", "d", "b"]);
    expect(table.size).toBe(0);
  });
});
