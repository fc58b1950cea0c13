import { describe, expect, test } from "vitest";
import { encodeData } from "../packet/data-message.ts";
import { nodeHash } from "../packet/node-hash.ts";
import { encodeUnreachable } from "../packet/unreachable.ts";
import type { PingReply } from "./ping.ts";
import { SwitchNet, type SwitchNode } from "../../../test/kit/switch-net.ts";

function made(from: string, fromService: string, to: string, toService: string, payload: Uint8Array): Buffer {
  const hashes = { fromHash: nodeHash(from), toHash: nodeHash(to) };
  return Buffer.from(encodeData({ hops: 30, ...hashes, fromService, toService, payload }));
}

const nothing = new Uint8Array(0);

describe("ping()", () => {
  test("is answered by the node itself, with an empty payload and fresh hops", async () => {
    const net = new SwitchNet();
    const [a, b, c] = net.line("a", "b", "c") as [SwitchNode, SwitchNode, SwitchNode];
    const reply = a.ping("c");
    const [request] = a.onTheWay;
    expect(request?.message).toHaveLength(36);
    for (const node of [b, c])
      for (const { message } of (node === b ? a : b).onTheWay.splice(0)) node.datagrams.receive(Buffer.from(message));
    expect(c.onTheWay[0]?.message[1]).toBe(29);
    expect(c.onTheWay[0]?.message).toHaveLength(36);
    net.clock.pass(7);
    await net.carry();
    expect(await reply).toEqual({ from: "c", ms: 7 });
  });

  test.each(["a", "localhost", "LOCALHOST"])("of ourselves as %s is answered at once", async (name) => {
    const a = new SwitchNet().node("a");
    expect(await a.ping(name)).toMatchObject({ from: "a" });
  });

  test("without a way says so, from our own id (spec §8.1, item 16)", async () => {
    const a = new SwitchNet().node("a");
    expect(await a.ping("far")).toEqual({
      from: "a",
      ms: 0,
      problem: { code: "NO_ROUTE", text: "no route to node" },
    });
  });

  test("that nobody answers ends after 10 s", async () => {
    const net = new SwitchNet();
    const a = net.node("a");
    net.node("far");
    a.routes.set("far", "nowhere");
    const reply = a.ping("far");
    await net.carry();
    net.clock.pass(10_000);
    expect(await reply).toEqual({ from: "a", ms: 10_000, problem: { code: "TIMEOUT", text: "timeout" } });
  });

  test("tells the problem a node on the way reports, and who it is", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b", "c") as [SwitchNode];
    const reply = a.ping("c", 1);
    await net.carry();
    expect(await reply).toMatchObject({ from: "b", problem: { code: "EXPIRED", text: "message expired" } });
  });

  test("tells a problem of a name we do not know as it came", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b") as [SwitchNode];
    const reply = a.ping("b");
    const service = Buffer.from(a.onTheWay.splice(0)[0]?.message.subarray(20, 28) ?? []).toString();
    const report = { fromNode: "a", fromService: service, toNode: "b", toService: "ping", problem: "constructor" };
    a.datagrams.receive(made("b", "unreach", "a", "unreach", encodeUnreachable(report)));
    expect(await reply).toMatchObject({ from: "b", problem: { code: "TIMEOUT", text: "constructor" } });
  });

  test("can be called off, also before it begins", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b") as [SwitchNode];
    const stop = new AbortController();
    const reply = a.ping("b", undefined, stop.signal);
    stop.abort();
    const called = { from: "a", ms: 0, problem: { code: "MESH_CLOSED", text: "user cancelled" } };
    expect(await reply).toEqual(called);
    expect(await a.ping("b", undefined, stop.signal)).toEqual(called);
  });

  test("leaves no socket behind", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b") as [SwitchNode, SwitchNode];
    const reply = a.ping("b");
    const service = Buffer.from(a.onTheWay[0]?.message.subarray(20, 28) ?? []).toString();
    await net.carry();
    await reply;
    const client = b.open();
    client.send("a", service, Buffer.from("late"));
    await net.carry();
    expect(client.unreachable).toMatchObject([{ problem: "service unknown" }]);
  });
});

describe("an answer to a ping", () => {
  test("is never answered, though its sender says it is one itself: two would answer each other for ever", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b") as [SwitchNode, SwitchNode];
    b.datagrams.receive(made("a", "ping", "b", "ping", nothing));
    b.datagrams.receive(made("b", "ping", "b", "ping", nothing));
    b.datagrams.receive(made("a", "unreach", "b", "ping", nothing));
    expect(await net.carry(100)).toBe(0);
    expect(a.datagrams.counts.delivered).toBe(0);
    expect(b.datagrams.counts.dropped).toBe(3);
  });
});

describe("traceroute()", () => {
  async function walk(net: SwitchNet, from: SwitchNode, to: string): Promise<PingReply[]> {
    const replies: PingReply[] = [];
    const trace = from.traceroute(to);
    for (;;) {
      const next = trace.next();
      await net.carry();
      net.clock.pass(10_000);
      const { value, done } = await next;
      if (done) return replies;
      replies.push(value);
    }
  }

  test("names every node on the way in order, ourselves first, and ends at the node", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b", "c", "d") as [SwitchNode];
    const replies = await walk(net, a, "d");
    expect(replies.map(({ from }) => from)).toEqual(["a", "b", "c", "d"]);
    expect(replies.map(({ problem }) => problem?.code)).toEqual(["EXPIRED", "EXPIRED", "EXPIRED", undefined]);
  });

  test("of ourselves is one step", async () => {
    const net = new SwitchNet();
    expect(await walk(net, net.node("a"), "a")).toMatchObject([{ from: "a" }]);
  });

  test("ends with the first other problem", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    b.routes.delete("c");
    const replies = await walk(net, a, "c");
    expect(replies.map(({ problem }) => problem?.text)).toEqual(["message expired", "message expired", "timeout"]);
  });

  test("ends at the thirtieth hop of a way that goes in a circle", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b") as [SwitchNode, SwitchNode];
    for (const node of [a, b]) node.names.learn("nowhere");
    a.routes.set("nowhere", "b");
    b.routes.set("nowhere", "a");
    const replies = await walk(net, a, "nowhere");
    expect(replies).toHaveLength(31);
    expect(replies.every(({ problem }) => problem?.code === "EXPIRED")).toBe(true);
  });
});
