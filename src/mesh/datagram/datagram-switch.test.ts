import { describe, expect, test } from "vitest";
import { frameHeader } from "../backend/tcp/framer.ts";
import { dataHeaderBytes, encodeData } from "../packet/data-message.ts";
import { nodeHash } from "../packet/node-hash.ts";
import { encodeUnreachable } from "../packet/unreachable.ts";
import { type SwitchNode, SwitchNet } from "../../../test/kit/switch-net.ts";

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

/** A message as a stranger may make it. */
function made(from: string, fromService: string, to: string, toService: string, payload = "", hops = 30): Buffer {
  const [fromHash, toHash] = [nodeHash(from), nodeHash(to)];
  return Buffer.from(encodeData({ hops, fromHash, toHash, fromService, toService, payload: Buffer.from(payload) }));
}

describe("a datagram", () => {
  test("is as the specification shows it: a ping from node1 to node2 (spec §3.5)", () => {
    const net = new SwitchNet();
    const [node1] = net.line("node1", "node2") as [SwitchNode, SwitchNode];
    node1.datagrams.send("node1", "AbCd1234", "node2", "ping", new Uint8Array(0));
    const message = node1.onTheWay[0]?.message ?? new Uint8Array(0);
    expect(hex(message)).toBe("001d000061052d2b582eb15e51bcc6e14eb3fee1416243643132333470696e6700000000");
    expect(hex(frameHeader(message.length))).toBe("2400");
  });

  test("comes to the service it is for, with where it is from", async () => {
    const net = new SwitchNet();
    const [a, b, c] = net.line("a", "b", "c") as [SwitchNode, SwitchNode, SwitchNode];
    const [client, server] = [a.open(), c.open("echo")];
    client.send("c", "echo", Buffer.from("hello"));
    expect(await net.carry()).toBe(2);
    expect(server.received).toEqual([{ text: "hello", fromNode: "a", fromService: client.service }]);
    server.send("a", client.service, Buffer.from("yourself"));
    await net.carry();
    expect(client.received).toEqual([{ text: "yourself", fromNode: "c", fromService: "echo" }]);
    expect(b.datagrams.counts).toEqual({ forwarded: 2, delivered: 0, dropped: 0 });
    expect(c.datagrams.counts.delivered).toBe(1);
  });

  test("has 29 hops left on its first road, and one less on each", () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    a.open().send("c", "x", Buffer.from("hello"));
    const [first] = a.onTheWay;
    expect(first?.message[1]).toBe(29);
    b.datagrams.receive(Buffer.from(first?.message ?? []));
    const [second] = b.onTheWay;
    expect(second?.message[1]).toBe(28);
    expect(hex(second?.message.subarray(2))).toBe(hex(first?.message.subarray(2)));
  });

  test("is dropped where a name of its two is unknown, also by who only passes it on", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    b.datagrams.receive(made("stranger", "x", "c", "y"));
    b.datagrams.receive(made("a", "x", "stranger", "y"));
    expect(await net.carry()).toBe(0);
    expect(b.datagrams.counts.dropped).toBe(2);
    expect(a.datagrams.counts.dropped).toBe(0);
  });

  test("that is cut short is ignored", async () => {
    const net = new SwitchNet();
    const [, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    const whole = made("a", "x", "c", "y");
    for (let length = 0; length < dataHeaderBytes; length++) b.datagrams.receive(whole.subarray(0, length));
    expect(await net.carry()).toBe(0);
  });

  test("to localhost, in any case, is for the node itself", async () => {
    const net = new SwitchNet();
    const a = net.node("a");
    const [client, server] = [a.open(), a.open("echo")];
    client.send("LocalHost", "echo", Buffer.from("1"));
    client.send("a", "echo", Buffer.from("2"));
    expect(server.received).toEqual([]);
    await net.carry();
    expect(server.received.map(({ text, fromNode }) => text + fromNode)).toEqual(["1a", "2a"]);
  });

  test("gives way on a road that is full; routing, which takes the road itself, does not", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    a.queuedBytes = b.queuedBytes = 64 * 1024 * 1024;
    a.open().send("c", "x", Buffer.from("lost"));
    b.datagrams.receive(made("a", "x", "c", "y"));
    expect(await net.carry()).toBe(0);
    expect([a.datagrams.counts.dropped, b.datagrams.counts.dropped]).toEqual([1, 1]);
  });

  test("too long for the road is refused where it begins, and dropped where it is passed on", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    a.maxMessageBytes = b.maxMessageBytes = 100;
    const client = a.open();
    expect(() => client.send("c", "x", Buffer.alloc(65))).toThrow(
      expect.objectContaining({ code: "MESSAGE_TOO_LONG", message: "a datagram has at most 64 bytes here" }),
    );
    client.send("c", "x", Buffer.alloc(64));
    b.datagrams.receive(made("a", "x", "c", "y", "z".repeat(65)));
    expect(a.onTheWay).toHaveLength(1);
    expect(b.onTheWay).toHaveLength(0);
    expect(b.datagrams.counts.dropped).toBe(1);
  });

  test("without a way is refused where it begins, and silently dropped on its way", async () => {
    const net = new SwitchNet();
    const [a, b] = [net.node("a"), net.node("b")];
    net.node("far");
    expect(() => a.open().send("far", "x", Buffer.from(""))).toThrow(
      expect.objectContaining({ code: "NO_ROUTE", message: "no route to node" }),
    );
    b.routes.set("a", "a");
    b.datagrams.receive(made("a", "x", "far", "y"));
    expect(await net.carry()).toBe(0);
  });
});

describe("a socket", () => {
  test("has a name of at most eight bytes that is not taken (spec §8.1, item 15)", () => {
    const a = new SwitchNet().node("a");
    expect(() => a.open("123456789")).toThrow("service name 123456789 too long");
    expect(() => a.open("ping")).toThrow("service ping is already listening");
    expect(() => a.open("unreach")).toThrow("service unreach is already listening");
    const echo = a.open("echo");
    expect(() => a.open("echo")).toThrow(
      expect.objectContaining({ code: "SERVICE_TAKEN", message: "service echo is already listening" }),
    );
    echo.close();
    const again = a.open("echo");
    echo.close();
    expect(() => a.open("echo")).toThrow("already listening");
    again.close();
  });

  test("of no name gets eight letters and digits", () => {
    const a = new SwitchNet().node("a");
    const names = Array.from({ length: 50 }, () => a.open().service);
    expect(names.every((name) => /^[0-9A-Za-z]{8}$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(50);
  });
});

describe("a sender is told (spec §3.8)", () => {
  test("that the service is unknown, by the node it was for", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b", "c") as [SwitchNode];
    const client = a.open();
    client.send("c", "nothing", Buffer.from("x"));
    await net.carry();
    expect(client.unreachable).toEqual([
      { reporter: "c", toNode: "c", toService: "nothing", problem: "service unknown" },
    ]);
    expect(() => client.send("a", "nothing", Buffer.from("x"))).toThrow(
      expect.objectContaining({ code: "SERVICE_UNKNOWN", message: "service unknown" }),
    );
  });

  test("that the message expired, by the node it expired at", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b", "c", "d") as [SwitchNode];
    const client = a.open();
    client.send("d", "x", Buffer.from("x"), 2);
    await net.carry();
    expect(client.unreachable).toEqual([{ reporter: "c", toNode: "d", toService: "x", problem: "message expired" }]);
    expect(() => client.send("d", "x", Buffer.from("x"), 0)).toThrow(
      expect.objectContaining({ code: "EXPIRED", message: "message expired" }),
    );
  });

  test("not when it was delivered: there the hops are not looked at", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b") as [SwitchNode, SwitchNode];
    const [client, server] = [a.open(), b.open("echo")];
    client.send("b", "echo", Buffer.from("x"), 1);
    await net.carry();
    expect(server.received).toHaveLength(1);
    expect(client.unreachable).toEqual([]);
  });

  test("never about a message that itself is such a report", async () => {
    const net = new SwitchNet();
    const [, b] = net.line("a", "b", "c") as [SwitchNode, SwitchNode];
    b.datagrams.receive(made("a", "unreach", "b", "nothing"));
    b.datagrams.receive(made("a", "unreach", "c", "x", "", 0));
    const rejecting = net.node("r", { rules: [{ action: "reject" }] });
    rejecting.datagrams.receive(made("a", "unreach", "r", "x"));
    expect(await net.carry()).toBe(0);
  });

  test("nothing by a report that is none, or is for nobody here", async () => {
    const net = new SwitchNet();
    const [a] = net.line("a", "b") as [SwitchNode];
    const client = a.open();
    const report = {
      fromNode: "b",
      fromService: client.service,
      toNode: "b",
      toService: "x",
      problem: "service unknown",
    };
    a.datagrams.receive(made("b", "unreach", "a", "unreach", Buffer.from(encodeUnreachable(report)).toString()));
    for (const payload of ["", "{}", "[]", "{", '{"FromNode":7}', "x".repeat(10_000)])
      a.datagrams.receive(made("b", "unreach", "a", "unreach", payload));
    expect(client.unreachable).toEqual([]);
    expect(await net.carry()).toBe(0);
  });

  test("when two nodes send an unknown third one's messages to each other (spec §8.1, item 9)", async () => {
    const net = new SwitchNet();
    const [a, b] = net.line("a", "b") as [SwitchNode, SwitchNode];
    for (const node of [a, b]) node.names.learn("nowhere");
    a.routes.set("nowhere", "b");
    b.routes.set("nowhere", "a");
    const client = a.open();
    client.send("nowhere", "x", Buffer.from("x"));
    // 30 roads, then the report, which is told at home.
    expect(await net.carry()).toBe(30);
    expect(a.datagrams.counts.forwarded).toBeGreaterThanOrEqual(10);
    expect(b.datagrams.counts.forwarded).toBeGreaterThanOrEqual(10);
    expect(client.unreachable).toMatchObject([{ reporter: "a", problem: "message expired" }]);
  });
});

describe("the firewall (spec §3.10)", () => {
  const rule = (action: string) => ({ action, toservice: "x" });

  test.each([
    ["where it begins", 0],
    ["where it is passed on", 1],
    ["where it is delivered", 2],
  ])("drops a datagram %s without a word", async (_where, at) => {
    const net = new SwitchNet();
    const [a, c] = lineWith(net, at, rule("drop"));
    const [client, server] = [a.open(), c.open("x")];
    const send = (): void => client.send("c", "x", Buffer.from("x"));
    if (at === 0) expect(send).toThrow(expect.objectContaining({ code: "BLOCKED" }));
    else send();
    await net.carry();
    expect(server.received).toEqual([]);
    expect(client.unreachable).toEqual([]);
  });

  test.each([
    ["where it is passed on", 1, "b"],
    ["where it is delivered", 2, "c"],
  ])("rejects a datagram %s, and its sender hears of it (spec §8.1, item 8)", async (_where, at, reporter) => {
    const net = new SwitchNet();
    const [a, c] = lineWith(net, at, rule("reject"));
    const [client, server] = [a.open(), c.open("x")];
    client.send("c", "x", Buffer.from("x"));
    await net.carry();
    expect(server.received).toEqual([]);
    expect(client.unreachable).toEqual([{ reporter, toNode: "c", toService: "x", problem: "blocked by firewall" }]);
    const open = c.open("y");
    client.send("c", "y", Buffer.from("x"));
    await net.carry();
    expect(open.received).toHaveLength(1);
    expect(client.unreachable).toHaveLength(1);
  });

  test("looks at reports and pings as at anything else", async () => {
    const net = new SwitchNet();
    const [a] = lineWith(net, 1, { action: "drop", fromservice: "unreach" });
    const client = a.open();
    client.send("c", "nothing", Buffer.from("x"));
    await net.carry();
    expect(client.unreachable).toEqual([]);
  });

  test("is asked about streams that do not go by datagrams", () => {
    const a = new SwitchNet().node("a", { rules: [{ action: "reject", fromnode: "b" }] });
    expect(() => a.datagrams.refuse("b", "a", "x")).toThrow("blocked by firewall");
    a.datagrams.refuse("c", "a", "x");
  });

  /** a, b and c in a line; one of them has a rule. */
  function lineWith(net: SwitchNet, at: number, only: Record<string, string>): [SwitchNode, SwitchNode] {
    const nodes = ["a", "b", "c"].map((id, index) => net.node(id, index === at ? { rules: [only] } : {}));
    const [a, b, c] = nodes as [SwitchNode, SwitchNode, SwitchNode];
    a.routes.set("b", "b").set("c", "b");
    b.routes.set("a", "a").set("c", "c");
    c.routes.set("b", "b").set("a", "b");
    return [a, c];
  }
});

describe("a stub that hangs here", () => {
  /** A hub between a and a stub, whose service `web` it answers. */
  function hub(hosted: readonly string[] = ["web"]) {
    const net = new SwitchNet();
    const asked: string[] = [];
    const [a, stub] = [net.node("a"), net.node("stub")];
    const node = net.node("hub", {
      isStubHere: (id) => id === "stub",
      host: (_node, service) => {
        asked.push(service);
        if (!hosted.includes(service)) return false;
        sockets.push(node.openFor("stub", service));
        return true;
      },
    });
    const sockets: ReturnType<SwitchNode["openFor"]>[] = [];
    node.routes.set("a", "a").set("stub", "stub");
    a.routes.set("stub", "hub").set("hub", "hub");
    stub.routes.set("a", "hub").set("hub", "hub");
    return { net, a, stub, node, sockets, asked };
  }

  test("is answered for by its hub when that hosts the service; it is begun once", async () => {
    const { net, a, sockets, asked } = hub();
    const client = a.open();
    client.send("stub", "web", Buffer.from("1"));
    client.send("stub", "web", Buffer.from("2"));
    await net.carry();
    expect(asked).toEqual(["web"]);
    expect(sockets[0]?.received.map(({ text }) => text)).toEqual(["1", "2"]);
    sockets[0]?.send("a", client.service, Buffer.from("3"));
    await net.carry();
    expect(client.received).toEqual([{ text: "3", fromNode: "stub", fromService: "web" }]);
  });

  test("gets all other datagrams itself, and what comes back to a socket of its own", async () => {
    const { net, a, stub } = hub();
    const [udp, client, server] = [stub.open("udp"), stub.open(), a.open("echo")];
    a.open().send("stub", "udp", Buffer.from("x"));
    client.send("a", "echo", Buffer.from("y"));
    await net.carry();
    server.send("stub", client.service, Buffer.from("z"));
    await net.carry();
    expect(udp.received).toHaveLength(1);
    expect(client.received.map(({ text }) => text)).toEqual(["z"]);
  });

  test("answers its own pings, and pings others", async () => {
    const { net, a, stub } = hub();
    const [there, back] = [a.ping("stub"), stub.ping("a")];
    await net.carry();
    expect(await there).toMatchObject({ from: "stub" });
    expect(await back).toMatchObject({ from: "a" });
  });

  test("is no longer answered for when it is gone", async () => {
    const { net, a, node, sockets, asked } = hub();
    const client = a.open();
    client.send("stub", "web", Buffer.from("1"));
    await net.carry();
    node.datagrams.stopHosting("stub");
    client.send("stub", "web", Buffer.from("2"));
    await net.carry();
    expect(asked).toEqual(["web", "web"]);
    expect(sockets[0]?.received).toHaveLength(1);
  });

  test("speaks for nobody else", async () => {
    const { net, node, a } = hub();
    const server = a.open("echo");
    node.datagrams.receive(made("a", "x", "a", "echo", "forged"), "stub");
    node.datagrams.receive(made("stub", "x", "a", "echo", "honest"), "stub");
    await net.carry();
    expect(server.received.map(({ text }) => text)).toEqual(["honest"]);
    expect(node.datagrams.counts.dropped).toBe(1);
  });
});
