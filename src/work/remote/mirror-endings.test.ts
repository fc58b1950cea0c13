import { existsSync, mkdirSync, readFileSync, rmSync, rmdirSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { silentLog, systemClock } from "#core";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import {
  builtHelpers,
  ended,
  eventually,
  openTestNode,
  patience,
  quoted,
  shell,
  type Unit,
  written,
} from "../../../test/kit/units.ts";
import { MirrorRecord } from "./mirror-record.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const workTypes = [{ ...shell, cancelGraceMs: 500 }];

/** `alpha` submits, `beta` executes. */
async function openPair(mesh = new TestMesh(), remote = mesh.remote()) {
  const alpha = await openMeshNode(mesh, "alpha", { workTypes, remote });
  const beta = await openMeshNode(mesh, "beta", { workTypes });
  const allocate = (script: string) =>
    alpha.node.units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(script) } });
  return {
    ...{ mesh, alpha, beta, allocate },
    submit: async (script: string): Promise<Unit> => {
      const unit = allocate(script);
      await alpha.node.units.receive(unit, (async function* () {})());
      await alpha.node.units.start(unit);
      return unit;
    },
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
    },
  };
}

const gently = () => ({ force: false, signal: patience() });

describe("a remote unit that is released", () => {
  test("while its payload comes is not started afterwards", async () => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const unit = pair.allocate("true");
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const received = units.receive(
      unit,
      (async function* () {
        yield Buffer.from("half");
        await held;
        yield Buffer.from("rest");
      })(),
    );
    await eventually("half is there", () => readFileSync(unit.folder.stdin, "utf8") === "half");
    expect(await units.release(unit.id, gently())).toBe("done");
    goOn();
    await received;
    expect(() => units.start(unit)).toThrow(`unit ${unit.id} was ended before it started`);
    expect(pair.mesh.dialled).toEqual([]);
  });

  test.each([false, true])("ends the results that somebody follows (forced: %s)", async (force) => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const unit = await pair.submit("echo up; exec sleep 600");
    await written(unit, "up");
    const follow = async () => {
      let text = "";
      for await (const chunk of units.results(unit, 0, patience())) text += Buffer.from(chunk).toString();
      return text;
    };
    const followed = follow();
    expect(await units.release(unit.id, { force, signal: patience() })).toBe("done");
    expect(await followed).toBe("up\n");
  });

  test("goes also when somebody cancels it while its release waits", async () => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const unit = await pair.submit("exec sleep 600");
    await pair.beta.stop();
    expect(await units.release(unit.id, gently())).toBe("pending");
    expect(await units.cancel(unit.id, patience())).toBe("pending");
    await pair.beta.start();
    await eventually("it is gone", () => !existsSync(unit.folder.dir));
    expect(pair.beta.node.units.list()).toEqual({});
  });
});

describe("a remote unit to whose node no way leads", () => {
  /** A dial to a node that is away would not end. */
  async function openPatientPair() {
    const mesh = new TestMesh();
    const { dial, ...remote } = mesh.remote();
    const waiting: typeof dial = (node, service, options) =>
      remote.hasRoute?.(node) ? dial(node, service, options) : untilAborted(options.signal);
    return await openPair(mesh, { ...remote, dial: waiting });
  }

  test.each(["cancel", "release"] as const)("is ended later, which is said at once: %s", async (word) => {
    await using pair = await openPatientPair();
    const { units } = pair.alpha.node;
    const unit = await pair.submit("echo up; exec sleep 600");
    await written(unit, "up");
    await pair.beta.stop();
    const asked = word === "cancel" ? units.cancel(unit.id, patience()) : units.release(unit.id, gently());
    expect(await asked).toBe("pending");
    await pair.beta.start();
    if (word === "cancel") expect(await ended(unit)).toMatchObject({ State: 4 });
    else await eventually("it is gone", () => !existsSync(unit.folder.dir));
  });

  test("is released here alone when that is forced, at once", async () => {
    await using pair = await openPatientPair();
    const unit = await pair.submit("exec sleep 600");
    await pair.beta.stop();
    expect(await pair.alpha.node.units.release(unit.id, { force: true, signal: patience() })).toBe("done");
    expect(existsSync(unit.folder.dir)).toBe(false);
    await pair.beta.start();
    expect(pair.beta.node.units.list()).toMatchObject({ [unit.id]: { StateName: "Running" } });
  });

  function untilAborted(signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  }
});

describe("a remote unit whose status cannot be written", () => {
  test.each(["cancel", "release"] as const)("can be ended: %s", async (word) => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const unit = await pair.submit("exec sleep 600");
    blockStatus(unit);
    if (word === "cancel") expect(await units.cancel(unit.id, patience())).toBe("done");
    else expect(await units.release(unit.id, gently())).toBe("done");
    await eventually("its twin has ended", () =>
      Object.values(pair.beta.node.units.list()).every(({ StateName }) => StateName === "Canceled"),
    );
  });

  test.each(["cancel", "release"] as const)("is not said to be ended later: %s", async (word) => {
    await using pair = await openPair();
    const { units } = pair.alpha.node;
    const unit = await pair.submit("exec sleep 600");
    await pair.beta.stop();
    blockStatus(unit);
    const asked = word === "cancel" ? units.cancel(unit.id, patience()) : units.release(unit.id, gently());
    await expect(asked).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(unit.status).not.toHaveProperty("Stopping");
    expect(unit.status.ExtraData).toMatchObject({ LocalCancelled: false, LocalReleased: false });
    rmdirSync(unit.folder.statusLock);
    await pair.beta.start();
  });

  function blockStatus(unit: Unit): void {
    rmSync(unit.folder.statusLock, { force: true });
    mkdirSync(unit.folder.statusLock);
  }
});

describe("MirrorRecord.finish()", () => {
  test("keeps the first ending, in memory and on disk", async () => {
    await using node = await openTestNode({ remote: new TestMesh().remote() });
    const unit = node.units.allocateRemote({ node: "beta", workType: "sh", params: {} });
    const record = new MirrorRecord(unit, systemClock, silentLog);
    await Promise.all([
      record.finish({ State: 2, Detail: "exit status 0", Cause: "EXITED" }),
      record.finish({ State: 3, Detail: "Remote work unit is gone", Cause: "REMOTE_GONE" }),
    ]);
    expect(unit.status).toMatchObject({ State: 2, Cause: "EXITED" });
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toMatchObject({ State: 2, Cause: "EXITED" });
  });
});

describe("work that may have started", () => {
  test("is not given again when it is gone over there", async () => {
    await using pair = await openPair();
    const mark = pair.beta.node.folder.file("runs");
    // Everything of the first connection gets through but the last answer; then nobody is reached.
    pair.mesh.onStream = (far) => {
      pair.mesh.onStream = undefined;
      const write = far.write.bind(far) as (chunk: unknown, done?: () => void) => boolean;
      far.write = ((chunk: unknown, done?: () => void) => {
        if (!String(chunk).includes('"result"')) return write(chunk, done);
        pair.mesh.fault = new Error("the cable was cut");
        far.destroy(pair.mesh.fault);
        done?.();
        return false;
      }) as typeof far.write;
    };
    const unit = await pair.submit(`echo run >> ${mark}`);
    await ended(pair.beta.node.units.get(unit.id));
    await pair.beta.node.units.release(unit.id, gently());
    pair.mesh.fault = undefined;
    expect(await ended(unit)).toMatchObject({ State: 3, Detail: "Remote work unit is gone", Cause: "REMOTE_GONE" });
    expect(readFileSync(mark, "utf8")).toBe("run\n");
    expect(pair.beta.node.units.list()).toEqual({});
  });
});
