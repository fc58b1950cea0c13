import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
  written,
} from "../../../test/kit/units.ts";
import type { NewRemoteUnit } from "./new-remote-unit.ts";
import type { RemoteData } from "./remote-data.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const workTypes = [
  { ...shell, cancelGraceMs: 500 },
  { ...shell, workType: "fixed", params: "-c 'echo fixed'", allowRuntimeParams: false },
];

/** `alpha` submits, `beta` executes. */
async function openPair() {
  const mesh = new TestMesh();
  const alpha = await openMeshNode(mesh, "alpha", { workTypes });
  const beta = await openMeshNode(mesh, "beta", { workTypes });
  return {
    mesh,
    alpha,
    beta,
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
    },
  };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== "") yield Buffer.from(text);
}

/** Hand in a script for `beta`, without starting it. */
async function prepared(on: MeshNode, script: string, wanted: Partial<NewRemoteUnit> = {}, input = ""): Promise<Unit> {
  const { units } = on.node;
  const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(script) }, ...wanted });
  await units.receive(unit, bytesOf(input));
  return unit;
}

async function submitted(on: MeshNode, script: string, wanted: Partial<NewRemoteUnit> = {}, input = ""): Promise<Unit> {
  const unit = await prepared(on, script, wanted, input);
  await on.node.units.start(unit);
  return unit;
}

const dataOf = (unit: Unit) => unit.status.ExtraData as RemoteData;
const twinOf = (of: MeshNode, unit: Unit) => of.node.units.get(dataOf(unit).RemoteUnitID);
const onDisk = (unit: Unit) => JSON.parse(readFileSync(unit.folder.status, "utf8"));

describe("remote units between Farhand nodes", () => {
  test("mirror payload, output, status and ending", async () => {
    await using pair = await openPair();
    const unit = await prepared(pair.alpha, "tr a-z A-Z; exit 3", {}, "hello");
    expect(await pair.alpha.node.units.start(unit)).toBe(true);
    const status = await ended(unit);
    expect(status).toMatchObject({
      State: 3,
      Detail: "exit status 3",
      ExitCode: 3,
      Cause: "EXITED",
      WorkType: "remote",
    });
    expect(outputOf(unit)).toBe("HELLO");
    const twin = twinOf(pair.beta, unit);
    expect(twin.status.StdoutSha256).toBe(status.StdoutSha256);
    expect(twin.id).toBe(unit.id);
  });

  test("are on disk as the specification says, keys in order, secrets kept; replies hide both secrets and bookkeeping", async () => {
    await using pair = await openPair();
    const params = { params: quoted("true"), secret_a: "x", SECRET_B: "y" };
    const unit = await submitted(pair.alpha, "", { params, tlsClient: "tls1", ttl: "10h" });
    await ended(unit);
    expect(Object.keys(onDisk(unit)).slice(0, 5)).toEqual(["State", "Detail", "StdoutSize", "WorkType", "ExtraData"]);
    expect(Object.keys(onDisk(unit).ExtraData)).toEqual([
      "RemoteNode",
      "RemoteWorkType",
      "RemoteParams",
      "RemoteUnitID",
      "RemoteStarted",
      "LocalCancelled",
      "LocalReleased",
      "SignWork",
      "TLSClient",
      "Expiration",
    ]);
    expect(onDisk(unit).ExtraData.RemoteParams).toEqual(params);
    const report = unit.report();
    expect((report.ExtraData as RemoteData).RemoteParams).toEqual({ params: quoted("true") });
    expect(JSON.stringify(report)).not.toMatch(/Token|Twin|secret/i);
    expect(JSON.stringify(twinOf(pair.beta, unit).report())).not.toMatch(/Token|Order"/);
  });

  test.each([
    [{ tlsClient: "nobody" }, "unknown TLS config nobody"],
    [{ params: { Secret_x: "1" } }, "cannot send secrets over a non-TLS connection"],
    [{ ttl: "soon" }, 'time: invalid duration "soon"'],
    [{ node: "a b" }, 'node id "a b" is not valid'],
  ])("refuse %j before there is a unit", async (wanted, message) => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const request = { node: "beta", workType: "sh", params: {}, ...wanted };
    expect(() => units.allocateRemote(request)).toThrow(expect.objectContaining({ code: "REQUEST_INVALID", message }));
    expect(units.list()).toEqual({});
  });

  test.each([
    [{ workType: "nothing" }, "could not parse response: ERROR: unknown work type nothing"],
    [{ workType: "fixed" }, "could not parse response: ERROR: extra params provided but not allowed"],
  ])("fail when the node refuses %j", async (wanted, message) => {
    await using pair = await openPair();
    const unit = await prepared(pair.alpha, "x", wanted);
    await expect(pair.alpha.node.units.start(unit)).rejects.toMatchObject({ code: "REMOTE_REFUSED", message });
    expect(unit.status).toMatchObject({
      State: 3,
      Detail: `Error starting worker: ${message}`,
      Cause: "REMOTE_REFUSED",
    });
  });

  test("fail with the same text when the refusal comes in the background", async () => {
    await using pair = await openPair();
    await pair.beta.stop();
    const unit = await prepared(pair.alpha, "x", { workType: "nothing" });
    expect(await pair.alpha.node.units.start(unit)).toBe(false);
    await pair.beta.start();
    expect((await ended(unit)).Detail).toBe(
      "Error starting worker: could not parse response: ERROR: unknown work type nothing",
    );
  });

  test("wait while the node is down, visibly, and run when it comes", async () => {
    await using pair = await openPair();
    await pair.beta.stop();
    const unit = await prepared(pair.alpha, "cat", {}, "late");
    expect(await pair.alpha.node.units.start(unit)).toBe(false);
    await unit.until(({ Detail }) => Detail.startsWith("Waiting for node beta: "), patience());
    expect(unit.status.State).toBe(0);
    // Where no way leads, nobody is asked and nobody waits.
    expect(pair.mesh.dialled).toEqual([]);
    await pair.beta.start();
    expect(await ended(unit)).toMatchObject({ State: 2, Detail: "exit status 0" });
    expect(outputOf(unit)).toBe("late");
  });

  test("expire after their ttl", async () => {
    await using pair = await openPair();
    await pair.beta.stop();
    const unit = await submitted(pair.alpha, "true", { ttl: "1s" });
    const { Detail, Cause } = await ended(unit);
    expect(Detail).toMatch(/^Work unit expired on (Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} \d{1,2} \d\d:\d\d:\d\d$/);
    expect(Cause).toBe("TTL_EXPIRED");
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    expect(existsSync(unit.folder.dir)).toBe(false);
  });

  test.each([
    Object.assign(new Error("certificate is for other names"), { code: "TLS_REFUSED" }),
    new Error("CRYPTO_ERROR 0x12a (remote): bad certificate"),
  ])("fail at once over TLS trouble (%s), and are released without asking anybody", async (fault) => {
    await using pair = await openPair();
    pair.mesh.fault = fault;
    const unit = await submitted(pair.alpha, "true", { tlsClient: "tls1" });
    expect((await ended(unit)).Detail).toBe(`TLS error connecting to remote service: ${fault.message}`);
    const dials = pair.mesh.dialled.length;
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    expect(pair.mesh.dialled).toHaveLength(dials);
    expect(existsSync(unit.folder.dir)).toBe(false);
  });

  test("are cancelled on both nodes, and released on both", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "echo up; exec sleep 600");
    await written(unit, "up");
    const { units } = pair.alpha.node;
    expect(await units.cancel(unit.id, patience())).toBe("done");
    expect(await ended(unit)).toMatchObject({ State: 4, Detail: "Canceled" });
    const twin = twinOf(pair.beta, unit);
    expect(twin.status.State).toBe(4);
    expect(await units.release(unit.id, { force: false, signal: patience() })).toBe("done");
    expect([existsSync(unit.folder.dir), existsSync(twin.folder.dir)]).toEqual([false, false]);
  });

  test("that did not start are cancelled here", async () => {
    await using pair = await openPair();
    await pair.beta.stop();
    const unit = await submitted(pair.alpha, "true");
    expect(await pair.alpha.node.units.cancel(unit.id, patience())).toBe("done");
    expect(await ended(unit)).toMatchObject({ State: 3, Detail: "Locally Cancelled", Cause: "CANCELED" });
    expect(onDisk(unit).ExtraData.LocalCancelled).toBe(true);
  });

  test("are cancelled and released later when the node is out of reach", async () => {
    await using pair = await openPair();
    const one = await submitted(pair.alpha, "exec sleep 600");
    const two = await submitted(pair.alpha, "exec sleep 600");
    await pair.beta.stop();
    const { units } = pair.alpha.node;
    expect(await units.cancel(one.id, patience())).toBe("pending");
    expect(await units.release(two.id, { force: false, signal: patience() })).toBe("pending");
    expect(onDisk(one)).toMatchObject({ Stopping: "CANCELED", ExtraData: { LocalCancelled: true } });
    expect(onDisk(two).ExtraData).toMatchObject({ LocalReleased: true });
    await pair.beta.start();
    expect((await ended(one)).State).toBe(4);
    await eventually("the other is gone from both", () => !existsSync(two.folder.dir));
    expect(() => twinOf(pair.beta, two)).toThrow("unknown work unit");
  });

  test("go by force when the node is out of reach", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "exec sleep 600");
    await pair.beta.stop();
    expect(await pair.alpha.node.units.release(unit.id, { force: true, signal: patience() })).toBe("done");
    expect(existsSync(unit.folder.dir)).toBe(false);
  });

  test("whose twin is gone fail and are released", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "exec sleep 600");
    await pair.beta.node.units.release(dataOf(unit).RemoteUnitID, { force: false, signal: patience() });
    pair.mesh.cut();
    await ended(unit);
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
  });
});

describe("remote units and restarts", () => {
  test("go on when the executing node restarts in mid-job", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "echo one; sleep 2; echo two");
    await written(unit, "one");
    await pair.beta.stop();
    await pair.beta.start();
    expect((await ended(unit)).State).toBe(2);
    expect(outputOf(unit)).toBe("one\ntwo\n");
  });

  test("go on when the submitting node restarts, and a cancel goes on as a cancel", async () => {
    await using pair = await openPair();
    const first = await submitted(pair.alpha, "echo one; sleep 2; echo two");
    const second = await submitted(pair.alpha, "echo up; exec sleep 600");
    await written(first, "one");
    await pair.beta.stop();
    expect(await pair.alpha.node.units.cancel(second.id, patience())).toBe("pending");
    await pair.alpha.stop();
    await pair.beta.start();
    await pair.alpha.start();
    const [one, two] = [first, second].map(({ id }) => pair.alpha.node.units.get(id)) as [Unit, Unit];
    expect((await ended(one)).State).toBe(2);
    expect(outputOf(one)).toBe("one\ntwo\n");
    expect((await ended(two)).State).toBe(4);
    expect(existsSync(two.folder.dir)).toBe(true);
  });

  test("fail when they had not started, and can be released", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "true", { node: "nowhere" });
    await pair.alpha.stop();
    await pair.alpha.start();
    const again = pair.alpha.node.units.get(unit.id);
    expect(await ended(again)).toMatchObject({
      State: 3,
      Detail: "Failed to restart: remote work had not previously started",
      Cause: "NOT_STARTED",
    });
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("done");
  });

  test("finish a release that waited", async () => {
    await using pair = await openPair();
    const unit = await submitted(pair.alpha, "exec sleep 600");
    await pair.beta.stop();
    expect(await pair.alpha.node.units.release(unit.id, { force: false, signal: patience() })).toBe("pending");
    await pair.alpha.stop();
    await pair.beta.start();
    await pair.alpha.start();
    await eventually("the unit is gone", () => !existsSync(join(pair.alpha.node.unitsDir, unit.id)));
    expect(pair.beta.node.units.list()).toEqual({});
  });
});
