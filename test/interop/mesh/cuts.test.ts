import { existsSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import type { MeshPlan } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { digestOf } from "./random-file.ts";
import { digestOfResults, hasState, remoteIdOf, submit, unitsOf, untilUnit } from "./remote-unit.ts";

/** A GiB, when `MESH_GIB=1`; a quarter of that in every run. */
const bytes = (process.env.MESH_GIB === "1" ? 1024 : 256) * 2 ** 20;

/** `stream` writes bytes that never repeat, and then waits for the test's word, so that no fault finds it ended. */
const keystream = `head -c ${bytes} /dev/zero | openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 2>&-`;
const plan: MeshPlan = {
  nodes: {
    relay: {},
    foo: {},
    bar: {
      sections: `
- work-command: {worktype: stream, command: bash, allowruntimeparams: true,
    params: "-c '${keystream}; until test -e $0; do sleep 0.1; done'"}
`,
    },
  },
  roads: [
    { kind: "tcp", from: "foo", to: "relay" },
    { kind: "tcp", from: "bar", to: "relay" },
  ],
};

beforeAll(freshBuild);

/** Receptor specification §8.3, items 30 and 31. */
describeWithReceptorctl("in the middle of a long stream over a relay", () => {
  let mesh: ProcessMesh;
  let foo: ProcessNode;
  let bar: ProcessNode;
  beforeAll(async () => {
    mesh = await startMesh(plan);
    [foo, bar] = [mesh.node("foo"), mesh.node("bar")];
    await mesh.converged();
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  const restart = (id: string) => async () => {
    await mesh.node(id).stop("SIGKILL");
    await mesh.node(id).start();
  };
  const cut = async () => mesh.cable("bar").cut();
  const cutForLong = async () => {
    mesh.cable("foo").cut(true);
    await sleep(3_000);
    mesh.cable("foo").mend();
  };

  test.each([
    ["the relay is killed", restart("relay")],
    ["a link is cut", cut],
    ["a link is away for a while", cutForLong],
    ["the submitter is killed", restart("foo")],
    ["the executor is killed", restart("bar")],
  ])(
    "%s: the unit does not notice, the mirror goes on where it was, every byte is the same",
    async (_fault, fault) => {
      const gate = `${mesh.shared}/gate-${Date.now()}`;
      const id = await submit(foo, "stream", "--node", "bar", "-n", gate);
      const remoteId = await remoteIdOf(foo, id);
      const { ExtraData } = await untilUnit(bar, remoteId, hasState("Running"));
      const reached = await untilSize(foo.unitFile(id, "stdout"), bytes / 10);
      expect(reached).toBeLessThan(bytes);
      await fault();
      // The mirror keeps what it has: its file never gets shorter.
      expect(statSync(foo.unitFile(id, "stdout")).size).toBeGreaterThanOrEqual(reached);
      await untilSize(foo.unitFile(id, "stdout"), bytes);
      expect((await unitsOf(bar))[remoteId]).toMatchObject({ StateName: "Running", ExtraData });
      writeFileSync(gate, "");
      const unit = await untilUnit(foo, id, hasState("Succeeded"));
      expect(unit).toMatchObject({ Detail: "exit status 0", StdoutSize: bytes });
      const sum = await digestOf(bar.unitFile(remoteId, "stdout"));
      expect(await digestOf(foo.unitFile(id, "stdout"))).toBe(sum);
      expect(await digestOfResults(foo, id)).toBe(sum);
      expect((await foo.ctl("work", "release", id)).code).toBe(0);
    },
    600_000,
  );
});

/** Wait until a file is at least so long, while it only grows. Gives its length. */
async function untilSize(path: string, atLeast: number): Promise<number> {
  const limit = AbortSignal.timeout(300_000);
  for (let before = 0; ; await sleep(5, undefined, { signal: limit })) {
    const size = existsSync(path) ? statSync(path).size : 0;
    if (size < before) throw new Error(`${path} shrank from ${before} to ${size} bytes`);
    if (size >= atLeast) return size;
    before = size;
  }
}
