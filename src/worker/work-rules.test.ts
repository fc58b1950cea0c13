import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { connectControl, type ControlClient, controlOver, type JsonObject, parseControlAddress } from "#control";
import { type TempFolder, tempFolder } from "../../test/kit/temp-folder.ts";
import { builtHelpers } from "../../test/kit/units.ts";
import { untilTrue, type WorkerNode, workerNode } from "../../test/kit/worker-node.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const listener = "- tcp-listener: {port: 0, bindaddr: 127.0.0.1}\n";
const peerOf = ({ port }: WorkerNode) => `- tcp-peer: {address: "127.0.0.1:${port}"}\n`;
const types = `- work-command: {worktype: open, command: cat}
- work-command: {worktype: shut, command: sleep, params: "600"}
`;

/** What is answered to one request, be it an error. */
async function answer(control: ControlClient, request: string | JsonObject): Promise<string> {
  try {
    return JSON.stringify(await control.call(request));
  } catch (error) {
    return (error as Error).message;
  } finally {
    control.close();
  }
}

/** As a peer of `to` that speaks what it likes: the control service at the other end of a stream from `from`. */
async function asPeer(from: WorkerNode, to: string): Promise<ControlClient> {
  const control = await from.client();
  await control.callLine(`connect ${to} control `);
  return controlOver(control.stream(), to, { expectNode: to });
}

async function submitted(control: ControlClient, request: string | JsonObject, payload = ""): Promise<string> {
  await control.callLine(request);
  await control.sendPayload(
    (async function* () {
      if (payload !== "") yield Buffer.from(payload);
    })(),
  );
  const { unitid } = await control.readJson();
  control.close();
  return String(unitid);
}

const work = (subcommand: string, more: JsonObject): JsonObject => ({ command: "work", subcommand, ...more });
const order = (worktype: string, more: JsonObject = {}): JsonObject =>
  work("order", {
    node: "bar",
    worktype,
    params: {},
    workUnitID: "Chosen0123",
    token: "ab".repeat(32),
    bytes: 0,
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ...more,
  });

const unitsOf = (folder: TempFolder, node: string) => readdirSync(folder.file(`${node}-data/${node}`));

/** `foo` asks; `bar` has rules; `baz` lies behind it. */
async function openMesh(folder: TempFolder, rules: string) {
  const bar = await workerNode(folder, "bar", listener + types, `workrules: [${rules}]`);
  const foo = await workerNode(folder, "foo", peerOf(bar) + types);
  const baz = await workerNode(folder, "baz", peerOf(bar) + types);
  await foo.reaches("bar", "baz");
  await bar.reaches("foo", "baz");
  const close = async () => {
    for (const node of [baz, foo, bar]) await node[Symbol.asyncDispose]();
  };
  return { foo, bar, baz, [Symbol.asyncDispose]: close };
}

const onlyOpen =
  "{action: accept, from: unix}, {action: accept, fromnode: foo, tonode: '', worktype: open}, {action: reject}";

describe("workrules", () => {
  test("let a peer do what they allow, from submit to release", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(folder, onlyOpen);
    const id = await submitted(await mesh.foo.client(), "work submit bar open", "hello");
    await untilTrue("it ends", async () => (await mesh.foo.call(`work status ${id}`))["State"] === 2);
    expect(await mesh.foo.call(`work status ${id}`)).toMatchObject({ StdoutSize: 5, WorkType: "remote" });
    expect(Object.keys(JSON.parse(await answer(await asPeer(mesh.foo, "bar"), "work list")))).toEqual([id]);
    expect(await mesh.foo.call(`work release ${id}`)).toEqual({ released: id });
    expect(unitsOf(folder, "bar")).toEqual([]);
  });

  test("refuse a peer by every way there is, and leave things as they are", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(folder, onlyOpen);
    const { foo, bar } = mesh;
    const shut = await submitted(await bar.client(), "work submit bar shut");
    const open = await submitted(await bar.client(), "work submit bar open");
    const away = await submitted(await bar.client(), "work submit baz open");
    const refused = "work of type shut is not allowed from node foo";
    const relayed = "work of type open for node baz is not allowed from node foo";
    const ways: [string | JsonObject, string][] = [
      ["work submit bar shut", refused],
      ["work submit LocalHost shut", refused],
      [work("submit", { node: "bar", worktype: "shut", workUnitID: "Chosen0123", signature: "x" }), refused],
      ["work submit bar nosuch", "work of type nosuch is not allowed from node foo"],
      ["work submit bar remote", "work of type remote is not allowed from node foo"],
      ["work submit baz open", relayed],
      [work("submit", { node: "baz", worktype: "open", tlsclient: "x", signwork: "true" }), relayed],
      ["work submit nowhere open", "work of type open for node nowhere is not allowed from node foo"],
      [order("shut"), refused],
      [order("shut", { workUnitID: open }), refused],
      ...["status", "list", "results", "cancel", "release", "force-release"].flatMap((sub): [string, string][] => [
        [`work ${sub} ${shut}`, refused],
        [`work ${sub} ${away}`, relayed],
      ]),
      [work("attach", { unitid: shut, startpos: 0 }), refused],
      [work("attach", { unitid: away, startpos: 0 }), relayed],
      [work("withdraw", { workUnitID: shut, token: "ab".repeat(32) }), refused],
      [work("results", { unitid: shut, startpos: 0, signature: "x" }), refused],
      ["connect baz control", "connect to node baz is not allowed from node foo"],
      ["connect localhost control", "connect is not allowed from node foo"],
    ];
    for (const [request, message] of ways) {
      expect([request, await answer(await asPeer(foo, "bar"), request)]).toEqual([request, message]);
    }
    expect(Object.keys(JSON.parse(await answer(await asPeer(foo, "bar"), "work list")))).toEqual([open]);
    expect(unitsOf(folder, "bar").toSorted()).toEqual([shut, open, away].toSorted());
    expect(await bar.call(`work status ${shut}`)).toMatchObject({ State: 1 });
  });

  test("make the unit fail on the node that gave the work, in the words of the one that refused", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(folder, onlyOpen);
    const control = await mesh.foo.client();
    await expect(submitted(control, "work submit bar shut")).rejects.toThrow(
      "could not parse response: ERROR: work of type shut is not allowed from node foo",
    );
    expect(Object.values(await mesh.foo.call("work list"))).toMatchObject([{ State: 3, Cause: "REMOTE_REFUSED" }]);
    expect(unitsOf(folder, "bar")).toEqual([]);
  });

  test("ask for both results and status where a unit is streamed with its status", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(folder, "{action: reject, from: mesh, command: status}");
    const { foo } = mesh;
    const id = await submitted(await asPeer(foo, "bar"), "work submit bar open");
    const refused = "work of type open is not allowed from node foo";
    expect(await answer(await asPeer(foo, "bar"), work("attach", { unitid: id, startpos: 0 }))).toBe(refused);
    expect(await answer(await asPeer(foo, "bar"), `work cancel ${id}`)).toBe(JSON.stringify({ cancelled: id }));
  });

  test("forbid to relay and nothing else, also for units that are relayed already", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(folder, "{action: reject, from: mesh, tonode: /.+/}");
    const { foo, bar } = mesh;
    const away = await submitted(await bar.client(), "work submit baz open");
    const relayed = "work of type open for node baz is not allowed from node foo";
    for (const request of ["work submit baz open", `work status ${away}`, `work release ${away}`]) {
      expect(await answer(await asPeer(foo, "bar"), request)).toBe(relayed);
    }
    const own = await submitted(await asPeer(foo, "bar"), "work submit bar open");
    expect(Object.keys(JSON.parse(await answer(await asPeer(foo, "bar"), "work list")))).toEqual([own]);
  });

  test("know a session that takes a way around by the node it comes from last, and let none come back to itself", async () => {
    await using folder = await tempFolder();
    await using mesh = await openMesh(
      folder,
      "{action: reject, fromnode: foo}, {action: reject, from: unix, worktype: shut}",
    );
    const { foo, bar, baz } = mesh;
    expect(await answer(await asPeer(foo, "bar"), "work submit bar open")).toContain("is not allowed from node foo");
    expect(await answer(await asPeer(foo, "bar"), "connect baz control")).toContain("is not allowed from node foo");
    for (const here of ["bar", "LOCALHOST"]) {
      expect(await answer(await bar.client(), `connect ${here} control`)).toContain("is not allowed over unix");
      expect(await answer(await asPeer(baz, "bar"), `connect ${here} control`)).toContain("is not allowed over mesh");
    }
  });

  test("tell TCP from the Unix socket", async () => {
    await using folder = await tempFolder();
    const tcp = '- control-service: {service: more, tcplisten: "127.0.0.1:0"}\n';
    await using bar = await workerNode(folder, "bar", tcp + types, "workrules: [{action: reject, from: tcp}]");
    const address = bar.daemon.controlAddresses.find((text) => !text.includes("bar.sock"));
    const client = await connectControl(parseControlAddress(address ?? ""));
    expect(await answer(client, "work submit bar open")).toBe("work of type open is not allowed over tcp");
    expect(await submitted(await bar.client(), "work submit bar open")).toMatch(/^\w{8}$/);
  });

  test("with a fault keep the worker from starting, and the fault says which rule and key", async () => {
    await using folder = await tempFolder();
    const starting = workerNode(folder, "bar", types, "workrules: [{action: reject}, {action: accept, worktyp: a}]");
    await expect(starting).rejects.toThrow(/error in rule 2: worktyp is no key of a rule/);
  });
});
