import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openMeshNode, TestMesh } from "../../../test/kit/remote.ts";
import { builtHelpers, ended, eventually, quoted, shell, type Unit } from "../../../test/kit/units.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });
beforeAll(builtHelpers);

const mebibyte = 1024 * 1024;

async function openPair(mesh: TestMesh) {
  const alpha = await openMeshNode(mesh, "alpha", { workTypes: [shell] });
  const beta = await openMeshNode(mesh, "beta", { workTypes: [shell] });
  return {
    alpha,
    beta,
    [Symbol.asyncDispose]: async () => {
      await beta[Symbol.asyncDispose]();
      await alpha[Symbol.asyncDispose]();
    },
  };
}

/** Cut the n-th stream once so many bytes have passed it, in either direction. */
function cutting(...places: number[]): (far: Duplex) => void {
  return (far) => {
    let left = places.shift();
    if (left === undefined) return;
    const count = (bytes: number): void => {
      left = (left ?? 0) - bytes;
      if (left <= 0) far.destroy(new Error("the cable was cut"));
    };
    const write = far.write.bind(far) as (chunk: Uint8Array, done?: () => void) => boolean;
    far.write = ((chunk: Uint8Array, done?: () => void) => {
      const took = write(chunk, done);
      count(chunk.length);
      return took;
    }) as Duplex["write"];
    const push = far.push.bind(far);
    far.push = (chunk: unknown, encoding?: BufferEncoding) => {
      const took = push(chunk, encoding);
      if (chunk instanceof Uint8Array) count(chunk.length);
      return took;
    };
  };
}

const random = `perl -e '$n=${64 * mebibyte}; srand(7); $b=join("",map{chr(rand 256)}1..65536); while($n>0){$b=substr($b,1).chr(rand 256);print $b;$n-=65536}'`;

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

describe("streams of remote units", () => {
  test("64 MiB of output arrive whole through cuts at any place", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted(random) } });
    await units.receive(unit, (async function* () {})());
    await units.start(unit);
    const places = Array.from({ length: 5 }, () => Math.floor(Math.random() * 16 * mebibyte));
    mesh.onStream = cutting(...places);
    mesh.cut();
    const { State, StdoutSize, StdoutSha256 } = await ended(unit);
    expect({ State, StdoutSize, places }).toEqual({ State: 2, StdoutSize: 64 * mebibyte, places });
    expect(sha256(unit.folder.stdout)).toBe(StdoutSha256);
    expect(pair.beta.node.units.get(unit.id).status.StdoutSha256).toBe(StdoutSha256);
  });

  test("a payload goes on where it was cut, and its unit starts once", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    const payload = Buffer.alloc(24 * mebibyte, "farhand ");
    const places = [100, 3 * mebibyte, 1, 9 * mebibyte + 17, 400];
    mesh.onStream = cutting(...places);
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: "'sha256sum; echo run'" } });
    await units.receive(
      unit,
      (async function* () {
        yield payload;
      })(),
    );
    await units.start(unit);
    await ended(unit);
    const expected = createHash("sha256").update(payload).digest("hex");
    expect(readFileSync(unit.folder.stdout, "utf8")).toBe(`${expected}  -\nrun\n`);
    expect(Object.keys(pair.beta.node.units.list())).toHaveLength(1);
  });

  test("an order whose answer was lost is found again, not started again", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    // Everything of the first connection gets through but the last answer.
    mesh.onStream = (far) => {
      mesh.onStream = undefined;
      const write = far.write.bind(far) as (chunk: unknown) => boolean;
      far.write = ((chunk: unknown, done?: () => void) => {
        if (!String(chunk).includes('"result"')) return write(chunk);
        far.destroy(new Error("the cable was cut"));
        done?.();
        return false;
      }) as Duplex["write"];
    };
    const mark = pair.beta.node.folder.file("runs");
    const params = quoted(`echo run >> ${mark}`);
    const unit: Unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params } });
    await units.receive(unit, (async function* () {})());
    await units.start(unit);
    expect((await ended(unit)).State).toBe(2);
    expect(readFileSync(mark, "utf8")).toBe("run\n");
    expect(Object.keys(pair.beta.node.units.list())).toEqual([unit.id]);
  });

  test("an executor that restarts in mid-payload keeps what came, and starts nothing before the rest", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    const payload = Buffer.alloc(8 * mebibyte, "farhand ");
    mesh.onStream = cutting(3 * mebibyte);
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: "sha256sum" } });
    await units.receive(
      unit,
      (async function* () {
        yield payload;
      })(),
    );
    await units.start(unit);
    await pair.beta.stop();
    await pair.beta.start();
    expect((await ended(unit)).State).toBe(2);
    const expected = createHash("sha256").update(payload).digest("hex");
    expect(readFileSync(unit.folder.stdout, "utf8")).toBe(`${expected}  -\n`);
  });

  test("an order that is cancelled in mid-payload is taken back", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    mesh.onStream = cutting(3 * mebibyte);
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: "cat" } });
    await units.receive(
      unit,
      (async function* () {
        yield Buffer.alloc(8 * mebibyte);
      })(),
    );
    await units.start(unit);
    expect(Object.keys(pair.beta.node.units.list())).toEqual([unit.id]);
    expect(await units.cancel(unit.id, AbortSignal.timeout(60_000))).toBe("done");
    await eventually("it is gone", () => Object.keys(pair.beta.node.units.list()).length === 0);
    expect(unit.status.Detail).toBe("Locally Cancelled");
  });

  test("a stranger's unit of the same id is not taken for it", async () => {
    const mesh = new TestMesh();
    await using pair = await openPair(mesh);
    const { units } = pair.alpha.node;
    const unit = units.allocateRemote({ node: "beta", workType: "sh", params: { params: quoted("echo mine") } });
    pair.beta.node.units.allocate({ workType: "sh", params: {}, wantedId: unit.id });
    await units.receive(unit, (async function* () {})());
    await units.start(unit);
    expect((await ended(unit)).State).toBe(2);
    expect(readFileSync(unit.folder.stdout, "utf8")).toBe("mine\n");
    expect(unit.status.ExtraData).not.toMatchObject({ RemoteUnitID: unit.id });
  });
});
