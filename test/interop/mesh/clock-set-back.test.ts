import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import { type Program, receptorBin } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";

beforeAll(freshBuild);

/** `left` – `middle` – `mover` – `leaf`. */
const meshAround = (program: Program): Promise<ProcessMesh> =>
  startMesh({
    nodes: { left: {}, middle: { program }, mover: {}, leaf: {} },
    roads: [
      { kind: "tcp", from: "middle", to: "left" },
      { kind: "tcp", from: "mover", to: "middle" },
      { kind: "tcp", from: "leaf", to: "mover" },
    ],
  });

const epochOf = ({ place, id }: ProcessNode) => join(place, "data", ".farhand", id, "epoch");

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await isSo()); await sleep(200))
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
}

describe.each<Program>(receptorBin === undefined ? ["ours"] : ["ours", "theirs"])(
  "a mesh around a node of %s",
  (program) => {
    test("believes a node that was started when its clock was three days ahead, and again when it was right", async () => {
      await using mesh = await meshAround(program);
      const [left, mover, leaf] = [mesh.node("left"), mesh.node("mover"), mesh.node("leaf")];
      await mesh.converged();
      await mover.stop();
      const ahead = BigInt(Math.floor(Date.now() / 1000) + 3 * 86_400) << 24n;
      writeFileSync(epochOf(mover), `${ahead}\n`);
      await mover.start();
      await mesh.converged();

      // Where the leaf is others know only from the node before it.
      await leaf.stop();
      await until("the leaf is gone", async () => !("leaf" in (await left.status()).RoutingTable));
      await mover.stop();
      await mover.start();
      await leaf.start();
      const ping = async () => (await left.ctl("ping", "leaf", "--count", "1")).stdout;
      await until("the leaf answers", async () => (await ping()).includes("Reply from leaf"));
      expect(BigInt(readFileSync(epochOf(mover), "utf8"))).toBeGreaterThan(ahead);
      expect(existsSync(`${epochOf(mover)}.new`)).toBe(false);
    });
  },
);
