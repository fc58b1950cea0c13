import { readFileSync, writeFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type MeshNode, openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import {
  builtHelpers,
  ended,
  eventually,
  outputOf,
  patience,
  quoted,
  shell,
  type Unit,
} from "../../../test/kit/units.ts";
import { workCommand } from "../commands.ts";
import { parseWorkRules } from "../rules/parse-work-rules.ts";
import { reservedRecord } from "../unit/process-record.ts";
import { bootId } from "../unit/process-table.ts";
import { type Lease, NodeConnections } from "./node-connections.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

/** `alpha` submits, `beta` executes. */
async function openPair(rules: Parameters<typeof parseWorkRules>[0] = []) {
  const mesh = new TestMesh();
  const alpha = await openMeshNode(mesh, "alpha");
  const commandOf = (node: MeshNode["node"], id: string) =>
    workCommand(node.units, id, undefined, parseWorkRules(rules));
  const beta = await openMeshNode(mesh, "beta", { workTypes: [shell], commandOf });
  return {
    mesh,
    alpha,
    beta,
    /** Run a script on `beta` to its end. */
    run: async (script: string): Promise<Unit> => {
      const unit = await submitted(alpha, script);
      await ended(unit);
      return unit;
    },
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
    },
  };
}

async function submitted({ node: { units } }: MeshNode, script: string): Promise<Unit> {
  const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(script) } });
  await units.receive(unit, (async function* () {})());
  await units.start(unit);
  return unit;
}

describe("one connection", () => {
  test("brings order, output and ending, and does it for one unit after another", async () => {
    await using pair = await openPair();
    for (const word of ["one", "two", "three"]) {
      const unit = await pair.run(`echo ${word}`);
      expect(unit.status).toMatchObject({ State: 2, StdoutSize: word.length + 1 });
      expect(outputOf(unit)).toBe(`${word}\n`);
    }
    expect(pair.mesh.dialled).toEqual(["beta"]);
  });

  test("is not used again once it broke", async () => {
    await using pair = await openPair();
    await pair.run("true");
    pair.mesh.cut();
    expect((await pair.run("true")).status.State).toBe(2);
    expect(pair.mesh.dialled).toEqual(["beta", "beta"]);
  });

  test("that is dead without a sign costs an order seconds, not its unit", async () => {
    await using pair = await openPair();
    let isDead = false;
    pair.mesh.onStream = (far: Duplex) => {
      pair.mesh.onStream = undefined;
      const write = far.write.bind(far) as (chunk: unknown, done?: () => void) => boolean;
      far.write = ((chunk: unknown, done?: () => void) => {
        if (!isDead) return write(chunk, done);
        done?.();
        return true;
      }) as Duplex["write"];
    };
    await pair.run("true");
    isDead = true;
    const mark = pair.beta.node.folder.file("runs");
    expect((await pair.run(`echo run >> ${mark}`)).status.State).toBe(2);
    expect(readFileSync(mark, "utf8")).toBe("run\n");
  });

  test("is hung up on by a release, and the twin goes", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "exec sleep 600");
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    await eventually("nothing is left", () => Object.keys(pair.beta.node.units.list()).length === 0);
  });

  test("is not followed over by whom rules let order and not look", async () => {
    await using pair = await openPair([{ action: "reject", command: "results" }]);
    const unit = await submitted(pair.alpha, "echo secret");
    await eventually("it is refused", () => unit.status.Stalled?.includes("is not allowed") === true);
    expect(unit.status.StdoutSize).toBe(0);
    await eventually("it has run", () => pair.beta.node.units.get(unit.id).isFinal);
  });
});

describe("a unit of which the status does not say that it was to start", () => {
  /** As if the daemon, or with `fence` 1 the machine, had gone down before the status was written. */
  async function afterRestart(
    pair: Awaited<ReturnType<typeof openPair>>,
    { id, folder }: Unit,
    fence?: number,
    BootId = fence === undefined ? bootId() : "another",
  ): Promise<Unit> {
    const first = readFileSync(folder.status, "utf8");
    const { Twin, ...status } = JSON.parse(first) as { Twin: { Token: string }; ExtraData: object };
    const ExtraData = { ...status.ExtraData, RemoteUnitID: "", RemoteStarted: false };
    await pair.alpha.stop();
    const before = { ...status, State: 0, ExtraData, Twin: { Token: Twin.Token, BootId } };
    writeFileSync(folder.status, JSON.stringify(before));
    if (fence !== undefined) writeFileSync(folder.process, reservedRecord(fence));
    await pair.alpha.start();
    return pair.alpha.node.units.get(id);
  }

  test.each([
    ["when the daemon was killed", undefined],
    ["when the machine went down", 1],
  ])("is found running where it was ordered, %s", async (_, fence) => {
    await using pair = await openPair();
    const mark = pair.beta.node.folder.file("runs");
    const first = await submitted(pair.alpha, `echo run >> ${mark}; sleep 1; echo out`);
    const unit = await afterRestart(pair, first, fence);
    expect(await ended(unit)).toMatchObject({ State: 2, Cause: "EXITED" });
    expect(outputOf(unit)).toBe("out\n");
    expect(readFileSync(mark, "utf8")).toBe("run\n");
  });

  test("is taken back as soon as its node is heard, when it was ordered and not started", async () => {
    await using pair = await openPair();
    pair.mesh.onStream = (far) => {
      const push = far.push.bind(far);
      far.push = (chunk: unknown) => {
        if (!String(chunk).includes("start\n")) return push(chunk);
        pair.mesh.fault = new Error("the cable was cut");
        far.destroy(pair.mesh.fault);
        return false;
      };
    };
    const first = await submitted(pair.alpha, "true");
    expect(Object.keys(pair.beta.node.units.list())).toEqual([first.id]);
    const unit = await afterRestart(pair, first, 1, bootId());
    expect(await ended(unit)).toMatchObject({ State: 3, Cause: "NOT_STARTED" });
    pair.mesh.onStream = undefined;
    pair.mesh.fault = undefined;
    await eventually("it is gone", () => Object.keys(pair.beta.node.units.list()).length === 0);
  });

  test("has failed where it was never ordered", async () => {
    await using pair = await openPair();
    pair.mesh.fault = new Error("the cable was cut");
    const unit = await afterRestart(pair, await submitted(pair.alpha, "true"), 1);
    expect(unit.status.State).toBe(0);
    pair.mesh.fault = undefined;
    expect(await ended(unit)).toMatchObject({ State: 3, Cause: "REMOTE_GONE" });
    expect(pair.beta.node.units.list()).toEqual({});
  });
});

describe("NodeConnections", () => {
  const target = { node: "beta", tls: "" };
  const still = { elapsed: () => 0 };

  test("gives a connection to one at a time, and each profile has its own", async () => {
    await using pair = await openPair();
    const connections = new NodeConnections(pair.mesh.remote(), still);
    const lease = (tls = "") => connections.lease({ node: "beta", tls }, patience());
    const [one, two] = [await lease(), await lease()];
    one.giveBack();
    const withTls = await lease("tls1");
    const again = await lease();
    expect([one, two, withTls, again].map(({ isUsed }) => isUsed)).toEqual([false, false, false, true]);
    expect(again.control).toBe(one.control);
    for (const { close } of [two, withTls, again]) close();
    connections.close();
  });

  test("does not give away an old one, and hangs up on those that wait when it is closed", async () => {
    await using pair = await openPair();
    let now = 0;
    const connections = new NodeConnections(pair.mesh.remote(), { elapsed: () => now });
    const old = await connections.lease(target, patience());
    now = 61_000;
    old.giveBack();
    await old.control.closed;
    const waiting = await connections.lease(target, patience());
    expect(waiting.isUsed).toBe(false);
    waiting.giveBack();
    connections.close();
    await waiting.control.closed;
  });

  test("hangs up when the signal of the lease fires, and not when one fires that is over", async () => {
    await using pair = await openPair();
    const connections = new NodeConnections(pair.mesh.remote(), still);
    const [first, second] = [new AbortController(), new AbortController()];
    const earlier: Lease = await connections.lease(target, first.signal);
    earlier.giveBack();
    const lease = await connections.lease(target, second.signal);
    first.abort(new Error("over long ago"));
    expect(await lease.control.call({ command: "work", subcommand: "list" })).toEqual({});
    second.abort(new Error("no longer wanted"));
    await lease.control.closed;
    await expect(lease.control.call("status")).rejects.toThrow("no longer wanted");
    connections.close();
  });
});
