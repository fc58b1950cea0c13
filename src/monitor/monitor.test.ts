import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { Secret } from "#core";
import { testMonitor, testSender } from "../../test/kit/monitor.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { virtualClock } from "../../test/kit/virtual-clock.ts";
import { channelToken } from "./viewer/channel-token.ts";

describe("a channel, as unmodified clients see it (ReCodEx specification §8, §9)", () => {
  test("is replayed from its beginning, goes on live, and ends with 1000", async () => {
    await using monitor = await testMonitor();
    using sender = await monitor.send();
    using early = await monitor.watch("job_1", {
      target: "/any/path?at=all",
      headers: { origin: "https://elsewhere" },
    });
    sender.send("job_1", "STARTED");
    sender.send("job_2", "STARTED");
    expect(await early.has(1)).toEqual(["STARTED"]);
    using late = await monitor.watch("job_1");
    await late.has(1);
    sender.send("job_1", "TASK", "t1", "COMPLETED");
    sender.send("job_1", "FINISHED");
    sender.send("job_1", "TASK", "behind the end", "FAILED");
    await sender.arrived();
    const all = ["STARTED", "TASK t1 COMPLETED", "FINISHED"];
    for (const viewer of [early, late, await monitor.watch("job_1")]) {
      expect(await viewer.closed).toEqual({ code: 1000, reason: "" });
      expect(viewer.said()).toEqual(all);
      expect(viewer.webSocket.extensions).toBe("");
    }
    expect(monitor.figures()).toMatchObject({ taken: { taken: 4, late: 1 } });
  });

  test("is any text, the empty one too; what is said after the first message means nothing", async () => {
    await using monitor = await testMonitor();
    using sender = await monitor.send();
    for (const id of ["", '{"channel": "x"}', "ž/☃"]) {
      using viewer = await monitor.watch(id);
      viewer.webSocket.send("job_other");
      sender.send(id, "STARTED");
      expect(await viewer.has(1)).toEqual(["STARTED"]);
    }
  });

  test("keeps its order from several senders at once, and outlives them", async () => {
    await using monitor = await testMonitor();
    const senders = await Promise.all([1, 2, 3].map(() => monitor.send()));
    for (const [n, sender] of senders.entries()) {
      for (let i = 0; i < 1_000; i++) sender.send("job", "TASK", `${n}-${i}`, "COMPLETED");
      await sender.arrived();
      sender[Symbol.dispose]();
    }
    using viewer = await monitor.watch("job");
    const said = await viewer.has(3_000);
    for (const n of senders.keys()) {
      const own = said.filter((text) => text.startsWith(`TASK ${n}-`));
      expect(own).toEqual(Array.from({ length: 1_000 }, (_, i) => `TASK ${n}-${i} COMPLETED`));
    }
  });

  test("is ended for its viewers when a broker's FAILED was the last word", async () => {
    const clock = virtualClock();
    await using monitor = await testMonitor({ channels: { "end-after-failed": 5 } }, { clock });
    using sender = await monitor.send();
    using viewer = await monitor.watch("job");
    sender.send("job", "FAILED");
    await viewer.has(1);
    await clock.pass(5_000);
    expect(await viewer.closed).toMatchObject({ code: 1000 });
    expect(viewer.said()).toEqual(["FAILED", "FINISHED"]);
  });
});

describe("what the original dies of, or is full of in the end (§11)", () => {
  test.each([
    ["one frame", [["job"]]],
    [
      "no UTF-8",
      [
        ["job", Buffer.of(0xff)],
        [Buffer.of(0xc0), "STARTED"],
      ],
    ],
    ["a command without a channel", [["", ""]]],
    ["an exit that is not allowed", [["0", "exit"]]],
    ["a hundred frames", [Array.from({ length: 100 }, () => "x")]],
  ] as [string, (string | Buffer)[][]][])("goes on after %s", async (_name, messages) => {
    await using monitor = await testMonitor();
    using sender = await monitor.send();
    using viewer = await monitor.watch("job");
    for (const message of messages) sender.send(...message);
    sender.send("job", "STARTED");
    expect(await viewer.has(1)).toEqual(["STARTED"]);
  });

  test("cuts strangers off, and serves the rest", async () => {
    await using monitor = await testMonitor();
    using sender = await monitor.send();
    for (const said of ["GET / HTTP/1.1\r\n\r\n", "\0".repeat(100), Buffer.alloc(64, 0xff)]) {
      const stranger = connect(monitor.zeroMqPort, "127.0.0.1");
      stranger.on("error", () => {}).resume();
      stranger.write(said);
      await once(stranger, "close");
    }
    using viewer = await monitor.watch("job");
    sender.send("job", "STARTED");
    await viewer.has(1);
    expect(monitor.log.lines.filter((line) => line.includes("cut off"))).toHaveLength(3);
  });

  test("obeys `0`, `exit` from this machine where that is allowed", async () => {
    await using monitor = await testMonitor({ access: { "shutdown-command": true } });
    using sender = await monitor.send();
    sender.send("0", "exit");
    await expect(monitor.exitOrdered).resolves.toBeUndefined();
  });

  test("tells idle viewers that it stops, and waits for nobody", async () => {
    const monitor = await testMonitor();
    using idle = await monitor.watch("job");
    using silent = await monitor.watch(undefined as never);
    // One that does not even answer the close.
    const dead = connect(monitor.webSocketPort, "127.0.0.1");
    dead.on("error", () => {});
    dead.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    dead.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    await once(dead, "data");
    await monitor.close();
    expect(await idle.closed).toMatchObject({ code: 1001 });
    expect(await silent.closed).toMatchObject({ code: 1001 });
    dead.destroy();
  });

  test("stays at neither port when one of them is taken", async () => {
    await using first = await testMonitor();
    const taken = { websocket_uri: ["127.0.0.1", 0], zeromq_uri: ["127.0.0.1", first.zeroMqPort] };
    await expect(testMonitor(taken)).rejects.toMatchObject({ code: "MONITOR_LISTEN_FAILED" });
    const other = { websocket_uri: ["127.0.0.1", first.webSocketPort], zeromq_uri: ["127.0.0.1", 0] };
    await expect(testMonitor(other)).rejects.toThrow(/websocket_uri: cannot listen at .*EADDRINUSE/);
  });

  test.each(["nohost.invalid", "192.0.2.1"])("says of the host %s that it is the host, not the port", async (host) => {
    await expect(testMonitor({ zeromq_uri: [host, 0] })).rejects.toMatchObject({
      code: "MONITOR_HOST_UNUSABLE",
      message: expect.stringMatching(/^zeromq_uri: cannot listen at /),
    });
  });

  test("forgets 1,000 viewers that vanish while their channels are silent", async () => {
    await using monitor = await testMonitor();
    const viewers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => monitor.watch(`silent-${n}`)));
    await expect.poll(() => monitor.figures(), { timeout: 30_000 }).toMatchObject({ viewers: 1_000, channels: 1_000 });
    for (const viewer of viewers) viewer[Symbol.dispose]();
    await expect.poll(() => monitor.figures(), { timeout: 30_000 }).toMatchObject({ viewers: 0, channels: 0 });
  });

  test("gives up channels that are silent, and ones that ended long ago, and says so", async () => {
    const clock = virtualClock();
    await using monitor = await testMonitor({ channels: { "keep-silent": 3_600 } }, { clock });
    using sender = await monitor.send();
    sender.send("ended", "FINISHED");
    sender.send("silent", "STARTED");
    using viewer = await monitor.watch("silent");
    await viewer.has(1);
    await clock.pass(299_000);
    expect(monitor.figures().channels).toBe(2);
    await clock.pass(2_000);
    await expect.poll(() => monitor.figures().channels, { timeout: 30_000 }).toBe(1);
    await clock.pass(3_600_000);
    expect(await viewer.closed).toMatchObject({ code: 4009 });
    expect(monitor.log.lines.join("\n")).toMatch(/channel "silent" is dropped with its 1 messages/);
  });
});

describe("what is ours", () => {
  test("a viewer resumes at a position, in the address or in the first message", async () => {
    await using monitor = await testMonitor();
    using sender = await monitor.send();
    for (let n = 0; n < 5; n++) sender.send("job", "TASK", `${n}`);
    await sender.arrived();
    using byAddress = await monitor.watch("job", { target: "/?from=3" });
    expect(await byAddress.has(2)).toEqual(["TASK 3", "TASK 4"]);
    const protocol = "farhand.progress";
    using byMessage = await monitor.watch(JSON.stringify({ channel: "job", from: 4 }), { protocol });
    expect(await byMessage.has(1)).toEqual(["TASK 4"]);
    using atEnd = await monitor.watch("job", { target: "/?from=5" });
    sender.send("job", "FINISHED");
    await atEnd.closed;
    expect(atEnd.said()).toEqual(["FINISHED"]);
  });

  test.each([
    [4416, "job", { target: "/?from=1" }],
    [4400, "job", { target: "/?from=-1" }],
    [4400, Buffer.from("job"), {}],
    [4400, "x".repeat(1_025), {}],
    [4400, "job", { protocol: "farhand.progress" }],
    [4400, '{"channel": 1}', { protocol: "farhand.progress" }],
    [4400, '{"channel": "x", "since": 1}', { protocol: "farhand.progress" }],
    [1009, "x".repeat(20_000), {}],
  ])("a viewer is closed with %i for %j %j", async (code, first, how) => {
    await using monitor = await testMonitor();
    using viewer = await monitor.watch(first as string, how);
    expect(await viewer.closed).toMatchObject({ code });
    expect(monitor.figures().channels).toBe(0);
  });

  test("a viewer that names no channel is closed after a while", async () => {
    const clock = virtualClock();
    await using monitor = await testMonitor({ viewers: { "first-message": 10 } }, { clock });
    using viewer = await monitor.watch(undefined as never);
    await clock.pass(10_000);
    expect(await viewer.closed).toMatchObject({ code: 4408 });
  });

  test("a viewer holds its seat neither before it names a channel nor after it by pongs nobody asked for", async () => {
    const clock = virtualClock();
    await using monitor = await testMonitor({ viewers: { "first-message": 10 } }, { clock });
    using nameless = await monitor.watch(undefined as never);
    using watching = await monitor.watch("job");
    await expect.poll(() => monitor.log.lines.filter((line) => line.includes("watches")).length).toBe(1);
    const pinged = once(watching.webSocket, "ping");
    for (let n = 0; n < 10; n++) {
      await clock.pass(2_000);
      for (const { webSocket } of [nameless, watching]) if (webSocket.readyState === webSocket.OPEN) webSocket.pong();
    }
    expect(await nameless.closed).toMatchObject({ code: 4408 });
    await pinged;
  });

  test("a viewer that answers no ping is cut off, another is not", async () => {
    const clock = virtualClock();
    await using monitor = await testMonitor({}, { clock });
    using good = await monitor.watch("job");
    using dead = await monitor.watch("job");
    // Whoever reads nothing answers nothing.
    dead.webSocket.pause();
    await expect.poll(() => monitor.log.lines.filter((line) => line.includes("watches")).length).toBe(2);
    const pinged = once(good.webSocket, "ping");
    await clock.pass(20_000);
    await pinged;
    await expect.poll(() => monitor.figures().viewers, { timeout: 30_000 }).toBe(2);
    await new Promise((resolve) => good.webSocket.pong("", true, resolve));
    await clock.pass(20_000);
    await expect.poll(() => monitor.figures().viewers, { timeout: 30_000 }).toBe(1);
    expect(good.webSocket.readyState).toBe(good.webSocket.OPEN);
  });

  test("a slow viewer is cut off with the position from which it loses and doubles nothing", async () => {
    await using monitor = await testMonitor({ viewers: { "max-lag": "64KiB" } });
    using sender = await monitor.send();
    using slow = await monitor.watch("job");
    sender.send("job", "TASK", "0");
    await slow.has(1);
    slow.webSocket.pause();
    const filling = "x".repeat(10_000);
    let sent = 1;
    while (monitor.figures().delivered.slow === 0) {
      for (let n = 0; n < 50; n++) sender.send("job", "TASK", String(sent++), filling);
      await sender.arrived();
    }
    slow.webSocket.resume();
    const { code, reason } = await slow.closed;
    expect(code).toBe(4008);
    const position = Number(/resume from (\d+)$/.exec(reason)?.[1]);
    expect(slow.texts).toHaveLength(position);
    sender.send("job", "FINISHED");
    using again = await monitor.watch("job", { target: `/?from=${position}` });
    await again.closed;
    const ids = [...slow.texts, ...again.texts].map((text) => (JSON.parse(text) as { task_id?: string }).task_id);
    expect(ids).toEqual([...Array.from({ length: sent }, (_, n) => String(n)), undefined]);
  });

  test("what is longer than memory comes from the disk, whole and from a position", async () => {
    await using folder = await tempFolder();
    const settings = { storage: { memory: "1MiB" }, viewers: { "max-lag": "64KiB" } };
    await using monitor = await testMonitor(settings, { folder: folder.path });
    using sender = await monitor.send();
    const filling = "x".repeat(1_000);
    for (let n = 0; n < 3_000; n++) sender.send("job", "TASK", String(n), filling);
    sender.send("job", "FINISHED");
    await sender.arrived();
    for (const from of [0, 1_234]) {
      using viewer = await monitor.watch("job", { target: `/?from=${from}` });
      expect(await viewer.closed).toMatchObject({ code: 1000 });
      const ids = viewer.said().map((text) => text.split(" ")[1]);
      expect(ids).toEqual([...Array.from({ length: 3_000 - from }, (_, n) => String(n + from)), undefined]);
    }
    expect(monitor.figures().sizes.memory).toBeLessThan(1.5 * 2 ** 20);
    expect(monitor.figures().sizes.live).toBeGreaterThan(3_000_000);
  });

  test("with a secret, a channel opens with its own token only", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("secret"), "0123456789abcdef\n", { mode: 0o600 });
    await using monitor = await testMonitor({ access: { "secret-file": folder.file("secret") } });
    const token = channelToken(new Secret("0123456789abcdef"), "job");
    // HMAC-SHA-256 with OpenSSL, base64url.
    expect(token).toBe("ax21AlqJlABxcbJuYD6k7XKBbvNl_HXczx3Nc0oKBhA");
    for (const target of ["/", "/?token=", `/?token=${token.slice(1)}`, `/?token=${token}x`]) {
      using refused = await monitor.watch("job", { target });
      expect(await refused.closed).toMatchObject({ code: 4401 });
    }
    using other = await monitor.watch("job2", { target: `/?token=${token}` });
    expect(await other.closed).toMatchObject({ code: 4401 });
    using sender = await monitor.send();
    sender.send("job", "STARTED");
    using byAddress = await monitor.watch("job", { target: `/?token=${token}` });
    using byMessage = await monitor.watch(JSON.stringify({ channel: "job", token }), { protocol: "farhand.progress" });
    for (const viewer of [byAddress, byMessage]) expect(await viewer.has(1)).toEqual(["STARTED"]);
    expect(monitor.log.lines.join("\n")).not.toContain(token);
  });

  test("a secret that everybody may read, or that is short, is refused", async () => {
    await using folder = await tempFolder();
    writeFileSync(folder.file("open"), "0123456789abcdef", { mode: 0o604 });
    writeFileSync(folder.file("short"), "0123456789", { mode: 0o600 });
    for (const name of ["open", "short", "missing"]) {
      const opening = testMonitor({ access: { "secret-file": folder.file(name) } });
      await expect(opening).rejects.toMatchObject({ code: "MONITOR_SECRET_UNUSABLE" });
    }
  });

  test("pages of other origins, and viewers beyond the limits, are turned away", async () => {
    const access = { origins: ["https://recodex.example"] };
    const viewers = { "max-per-address": 1, max: 2, "trusted-proxies": ["127.0.0.1"] };
    await using monitor = await testMonitor({ access, viewers });
    const from = (address: string, origin = "https://recodex.example") => ({
      headers: { origin, "x-forwarded-for": `8.8.8.8, ${address}` },
    });
    await expect(monitor.watch("job", from("192.0.2.1", "https://evil.example"))).rejects.toThrow(/403/);
    await expect(monitor.watch("job")).rejects.toThrow(/403/);
    using first = await monitor.watch("job", from("192.0.2.1"));
    await expect(monitor.watch("job", from("192.0.2.1"))).rejects.toThrow(/429/);
    using second = await monitor.watch("job", from("192.0.2.2"));
    await expect(monitor.watch("job", from("192.0.2.3"))).rejects.toThrow(/503/);
    first[Symbol.dispose]();
    await expect.poll(() => monitor.figures().viewers, { timeout: 30_000 }).toBe(1);
    using third = await monitor.watch("job", from("192.0.2.1"));
    expect([second, third].map(({ webSocket }) => webSocket.readyState)).toEqual([1, 1]);
  });

  test("plain HTTP is told to upgrade; /healthz answers, /metrics where it is wanted", async () => {
    await using closed = await testMonitor();
    await using open = await testMonitor({ access: { metrics: true } });
    const get = (monitor: { webSocketPort: number }, path: string) =>
      fetch(`http://127.0.0.1:${monitor.webSocketPort}${path}`);
    const plain = await get(closed, "/");
    expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
    expect(await (await get(closed, "/healthz")).json()).toEqual({ status: "ok" });
    expect((await get(closed, "/metrics")).status).toBe(426);
    expect(await (await get(open, "/metrics")).text()).toContain("\nfarhand_monitor_viewers 0\n");
  });

  test("there are no more senders than allowed", async () => {
    await using monitor = await testMonitor({ senders: { max: 1 } });
    using first = await testSender(monitor.zeroMqPort);
    await first.arrived();
    const second = connect(monitor.zeroMqPort, "127.0.0.1");
    second.on("error", () => {}).resume();
    await once(second, "close");
    expect(monitor.figures().senders).toBe(1);
  });
});
