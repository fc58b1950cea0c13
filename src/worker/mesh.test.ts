import { beforeAll, describe, expect, test, vi } from "vitest";
import { controlOver, type JsonObject } from "#control";
import { makeNodeAuthority } from "../../test/kit/node-certificates.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { builtHelpers } from "../../test/kit/units.ts";
import { untilTrue, type WorkerNode, workerNode } from "../../test/kit/worker-node.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const listener = (more = "") => `- tcp-listener: {port: 0, bindaddr: 127.0.0.1${more}}\n`;
const peerOf = ({ port }: WorkerNode, more = "") => `- tcp-peer: {address: "127.0.0.1:${port}"${more}}\n`;
const echo = "- work-command: {worktype: echo, command: echo, params: hello}\n";

const linksOf = async (node: WorkerNode) => (await node.call("status"))["Connections"] as JsonObject[];

describe("two nodes", () => {
  test("see, ping and trace each other, and speak to each other's services", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(folder, "foo", listener());
    await using bar = await workerNode(folder, "bar", peerOf(foo) + echo);
    await foo.reaches("bar");
    await untilTrue("foo knows what bar offers", async () => {
      const ads = (await foo.call("status"))["Advertisements"] as JsonObject[];
      return ads.some(({ NodeID, WorkCommands }) => NodeID === "bar" && Array.isArray(WorkCommands));
    });
    expect(await foo.call("status")).toMatchObject({
      Connections: [{ NodeID: "bar", Cost: 1 }],
      RoutingTable: { bar: "bar" },
      Advertisements: [
        { NodeID: "foo", Service: "control", WorkCommands: null },
        {
          NodeID: "bar",
          Service: "control",
          ConnType: 1,
          Tags: { type: "Control Service" },
          WorkCommands: [{ WorkType: "echo", Secure: false }],
        },
      ],
      KnownConnectionCosts: { foo: { bar: 1 }, bar: { foo: 1 } },
    });
    expect(await foo.call("ping bar")).toMatchObject({ Success: true, From: "bar", Time: expect.any(Number) });
    expect(await bar.call("traceroute foo")).toMatchObject({ "0": { From: "bar" }, "1": { From: "foo" } });
    const control = await foo.client();
    expect(await control.callLine("connect bar control ")).toBe("Connecting");
    const far = await controlOver(control.stream(), "bar", { expectNode: "bar" });
    expect(await far.call("status")).toMatchObject({ NodeID: "bar" });
    far.close();
  });

  test("give work to each other", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(folder, "foo", listener());
    await using _bar = await workerNode(folder, "bar", peerOf(foo) + echo);
    await foo.reaches("bar");
    const submit = await foo.client();
    await submit.callLine("work submit bar echo");
    await submit.sendPayload((async function* () {})());
    const { unitid } = await submit.readJson();
    const results = await foo.client();
    await results.callLine(`work results ${String(unitid)}`);
    let text = "";
    for await (const chunk of results.bytes()) text += Buffer.from(chunk).toString();
    expect(text).toBe("hello\n");
  });

  test("need the same cost and leave to come", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(
      folder,
      "foo",
      listener(", cost: 4.5, nodecost: {bar: 2.5}, allowedpeers: [bar]"),
    );
    await using bar = await workerNode(folder, "bar", peerOf(foo, ", cost: 2.5"));
    await using other = await workerNode(folder, "other", peerOf(foo, ", cost: 4.5"));
    await foo.reaches("bar");
    expect(await linksOf(bar)).toEqual([{ NodeID: "foo", Cost: 2.5 }]);
    expect(await linksOf(other)).toEqual([]);
    expect(await linksOf(foo)).toEqual([{ NodeID: "bar", Cost: 2.5 }]);
  });
});

test("a neighbour must prove its id where the listener says so", async () => {
  await using folder = await tempFolder();
  const { ca, issue } = await makeNodeAuthority(folder.path);
  const profiles = async (name: string, ids: readonly string[]) => {
    const { cert, key } = await issue(name, ids);
    const common = `name: road, cert: ${cert}, key: ${key}, skipreceptornamescheck: true`;
    return `- tls-server: {${common}, requireclientcert: true, clientcas: ${ca}}
- tls-client: {${common}, rootcas: ${ca}}
`;
  };
  const strict = listener(", tls: road, provennodeid: true");
  await using foo = await workerNode(folder, "foo", (await profiles("foo", ["foo"])) + strict);
  const dialFoo = `- tcp-peer: {address: "localhost:${foo.port}", tls: road, provennodeid: true}\n`;
  await using bar = await workerNode(folder, "bar", (await profiles("bar", ["bar"])) + dialFoo);
  await using other = await workerNode(folder, "other", (await profiles("nameless", [])) + dialFoo);
  await foo.reaches("bar");
  const why = "it shows no certificate with a node id, and it says it is other";
  await untilTrue("other is turned away", async () => foo.logged.some((line) => line.includes(why)));
  expect(await linksOf(foo)).toEqual([{ NodeID: "bar", Cost: 1 }]);
  expect([await linksOf(bar), await linksOf(other)]).toEqual([[{ NodeID: "foo", Cost: 1 }], []]);
});

describe("three nodes in a row", () => {
  test("reach each other over the middle, unless its firewall says no", async () => {
    await using folder = await tempFolder();
    const rules =
      "firewallrules: [{action: accept, fromnode: mid}, {action: reject, tonode: right}, {action: reject, tonode: left}]";
    await using mid = await workerNode(folder, "mid", listener(), rules);
    await using left = await workerNode(folder, "left", peerOf(mid));
    await using right = await workerNode(folder, "right", peerOf(mid));
    await left.reaches("mid", "right");
    await right.reaches("mid", "left");
    expect(await left.call("ping mid")).toMatchObject({ Success: true });
    expect(await right.call("ping left")).toEqual({ Success: false, Error: "blocked by firewall" });
    expect(await left.call("traceroute right")).toMatchObject({
      "0": { From: "left" },
      "1": { From: "mid", Error: "blocked by firewall" },
    });
  });

  test("show the way in a traceroute", async () => {
    await using folder = await tempFolder();
    await using mid = await workerNode(folder, "mid", listener());
    await using left = await workerNode(folder, "left", peerOf(mid));
    await using _right = await workerNode(folder, "right", peerOf(mid));
    await left.reaches("right");
    const hops = await left.call("traceroute right");
    expect(Object.values(hops).map((hop) => (hop as JsonObject)["From"])).toEqual(["left", "mid", "right"]);
    expect(Object.values(hops).every((hop) => !("Error" in (hop as object)))).toBe(true);
  });
});

describe("reload", () => {
  test("leaves links up that did not change, and makes and breaks the others", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(folder, "foo", listener());
    await using bar = await workerNode(folder, "bar", listener());
    await using mid = await workerNode(folder, "mid", peerOf(foo));
    await mid.reaches("foo");
    let lost = 0;
    const watch = setInterval(() => void linksOf(foo).then((links) => (lost += links.length === 0 ? 1 : 0)), 5);
    mid.write(`# another comment\n${peerOf(foo)}${peerOf(bar)}`);
    expect(await mid.call("reload")).toEqual({ Success: true });
    await mid.reaches("foo", "bar");
    mid.write(peerOf(foo));
    expect(await mid.call("reload")).toEqual({ Success: true });
    await untilTrue("the link to bar is gone", async () => (await linksOf(bar)).length === 0);
    clearInterval(watch);
    expect(lost).toBe(0);
    expect(await linksOf(mid)).toEqual([{ NodeID: "foo", Cost: 1 }]);
  });

  test("leaves the rest running when something cannot be opened, and tries again", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(folder, "foo", listener());
    await using bar = await workerNode(folder, "bar", peerOf(foo));
    await bar.reaches("foo");
    bar.write(`${peerOf(foo)}- tcp-listener: {port: ${foo.port}, bindaddr: 127.0.0.1}\n`);
    for (let tries = 0; tries < 2; tries++) {
      expect(await bar.call("reload")).toEqual({
        Success: false,
        Error: expect.stringMatching(/cannot listen on .* ERRORCODE 4$/),
      });
    }
    bar.write(`${peerOf(foo)}- http-peer: {urlfile: ${folder.file("nothing")}}\n`);
    expect(await bar.call("reload")).toMatchObject({ Error: expect.stringMatching(/cannot be read.* ERRORCODE 4$/) });
    expect(await bar.call("ping foo")).toMatchObject({ Success: true });
    bar.write(peerOf(foo));
    expect(await bar.call("reload")).toEqual({ Success: true });
  });

  test("refuses what needs a restart", async () => {
    await using folder = await tempFolder();
    await using foo = await workerNode(folder, "foo", listener());
    foo.write(`${listener()}- tcp-client: {service: x, address: "127.0.0.1:1"}\n`);
    expect(await foo.call("reload")).toMatchObject({ Error: expect.stringMatching(/'tcp-client' .* ERRORCODE 3$/) });
  });
});

test("a second node with the id of a neighbour is turned away", async () => {
  await using folder = await tempFolder();
  await using second = await tempFolder();
  await using foo = await workerNode(folder, "foo", listener());
  await using _one = await workerNode(folder, "twin", peerOf(foo));
  await foo.reaches("twin");
  await using _two = await workerNode(second, "twin", peerOf(foo));
  await untilTrue("it is turned away", async () => foo.logged.some((line) => line.includes("connected using")));
  expect(foo.logged.join("\n")).toContain("twin connected using a node ID we are already connected to");
});

test("of two nodes with one id the newer ends", async () => {
  await using folder = await tempFolder();
  await using second = await tempFolder();
  await using foo = await workerNode(folder, "foo", listener());
  await using bar = await workerNode(folder, "bar", listener() + peerOf(foo));
  await foo.reaches("bar");
  await using one = await workerNode(folder, "twin", peerOf(foo));
  await bar.reaches("twin");
  await using two = await workerNode(second, "twin", peerOf(bar));
  const failure = await Promise.race([one.daemon.failed, two.daemon.failed]);
  expect(failure).toMatchObject({ code: "DUPLICATE_NODE", exit: 10, message: "We are a duplicate node" });
  expect([...one.logged, ...two.logged].filter((line) => line.includes("We are a duplicate node"))).toHaveLength(1);
});

test.each([
  ["udp", "- udp-listener: {port: 0, bindaddr: 127.0.0.1}", "- udp-peer: '127.0.0.1:{port}'"],
  ["websocket", "- ws-listener: {port: 0, bindaddr: 127.0.0.1, path: /m}", "- ws-peer: 'ws://127.0.0.1:{port}/m'"],
  ["http", "- http-listener: {port: 0, bindaddr: 127.0.0.1, path: /m}", "- http-peer: 'http://127.0.0.1:{port}/m'"],
])("nodes meet over %s", async (_name, listens, dials) => {
  await using folder = await tempFolder();
  await using foo = await workerNode(folder, "foo", `${listens}\n`);
  await using bar = await workerNode(folder, "bar", `${dials.replace("{port}", String(foo.port))}\n`);
  await bar.reaches("foo");
  expect(await bar.call("ping foo")).toMatchObject({ Success: true });
});

test("a stub is reached through its hub, and reaches others through it", async () => {
  await using folder = await tempFolder();
  await using hub = await workerNode(folder, "hub", listener());
  await using far = await workerNode(folder, "far", peerOf(hub) + echo);
  await using stub = await workerNode(folder, "stub", peerOf(hub) + echo, "stub: true");
  await far.reaches("stub");
  expect(await stub.call("ping far")).toMatchObject({ Success: true, From: "far" });
  for (const [from, to] of [
    [hub, "stub"],
    [far, "stub"],
    [stub, "far"],
  ] as const) {
    const ads = async () => (await from.call("status"))["Advertisements"] as JsonObject[];
    if (from !== stub)
      await untilTrue(`it offers ${to}`, async () => (await ads()).some(({ NodeID }) => NodeID === to));
    const control = await from.client();
    await control.callLine(`connect ${to} control `);
    const there = await controlOver(control.stream(), to, { expectNode: to });
    expect(await there.call("status")).toMatchObject({ NodeID: to });
    there.close();
  }
});
