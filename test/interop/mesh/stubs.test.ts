/** Workers that hang off a hub as stubs, in processes of their own (design §4.2). */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshBuild } from "../../kit/daemon.ts";
import { type MeshPlan, type NodePlan, type RoadKind, receptorBin } from "../../kit/mesh-plan.ts";
import { type ProcessMesh, type ProcessNode, startMesh } from "../../kit/mesh.ts";
import { type Rabbitmq, rabbitmqServer, startRabbitmq } from "../../kit/rabbitmq.ts";
import { describeWithReceptorctl } from "../../kit/receptorctl.ts";
import { digestOf, writeRandom } from "./random-file.ts";
import { digestOfResults, hasState, remoteIdOf, submit, untilUnit } from "./remote-unit.ts";

const streamBytes = 64 * 2 ** 20;
/** Bytes that never repeat; then the unit waits for the test's word, so that no fault finds it ended. */
const keystream = `head -c ${streamBytes} /dev/zero | openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 2>&-`;
const work = `
- work-command: {worktype: cat, command: cat}
- work-command: {worktype: stream, command: bash, allowruntimeparams: true,
    params: "-c '${keystream}; until test -e $0; do sleep 0.1; done'"}
`;

/** `leaf` and `other` are stubs of `hub`; `far` is not, nor is `theirs`, a real Receptor two hops from the stubs. */
function planOf(leaf: NodePlan, road: RoadKind | undefined, hubSections = ""): MeshPlan {
  const stub = { stub: true };
  return {
    nodes: {
      hub: { sections: work + hubSections },
      far: { sections: work },
      leaf: { about: stub, ...leaf, sections: work + (leaf.sections ?? "") },
      other: { about: stub, sections: work, hasQuic: false },
      ...(receptorBin !== undefined && { theirs: { program: "theirs" as const, sections: work } }),
    },
    roads: [
      { kind: "tcp", from: "far", to: "hub" },
      ...(road ? [{ kind: road, from: "leaf", to: "hub" }] : []),
      { kind: "ws", from: "other", to: "hub" },
      ...(receptorBin !== undefined ? [{ kind: "tcp" as const, from: "theirs", to: "hub" }] : []),
    ],
  };
}

const submitters = ["hub", "far", "other", ...(receptorBin === undefined ? [] : ["theirs"])];
const executors = submitters;

/** Wait until a node has a way to others, and knows what they offer. */
async function untilKnows(node: ProcessNode, ...ids: readonly string[]): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const { RoutingTable, Advertisements } = await node.status();
    if (ids.every((id) => id in RoutingTable && Advertisements.some(({ NodeID }) => NodeID === id))) return;
    if (limit.aborted) throw new Error(`${node.id} does not know ${ids.join(", ")}\n${node.log()}`);
    await sleep(50);
  }
}

async function untilSize(path: string, atLeast: number): Promise<void> {
  const limit = AbortSignal.timeout(100_000);
  while (!existsSync(path) || statSync(path).size < atLeast) await sleep(10, undefined, { signal: limit });
}

const cases: readonly [string, NodePlan, RoadKind | "amqp"][] = [
  ["with QUIC over tcp", {}, "tcp"],
  ["without QUIC over tcp", { hasQuic: false }, "tcp"],
  ["without QUIC over http", { hasQuic: false }, "http"],
  ["with QUIC over udp", {}, "udp"],
  ...(rabbitmqServer ? [["without QUIC over amqp", { hasQuic: false }, "amqp"] as [string, NodePlan, "amqp"]] : []),
];

beforeAll(freshBuild);

describeWithReceptorctl("a stub behind a hub", () => {
  describe.each(cases)("%s", (_name, leaf, road) => {
    let broker: Rabbitmq | undefined;
    let mesh: ProcessMesh;
    const node = (id: string) => mesh.node(id);
    beforeAll(async () => {
      if (road === "amqp") broker = await startRabbitmq();
      const amqp = (section: string, more = "") => `- ${section}: {url: "${broker?.url}"${more}}\n`;
      mesh = await startMesh(
        broker
          ? planOf({ ...leaf, sections: amqp("amqp-peer", ", hub: hub") }, undefined, amqp("amqp-listener"))
          : planOf(leaf, road),
      );
      for (const id of submitters.filter((id) => id !== "hub" && id !== "other"))
        await untilKnows(node(id), "hub", "leaf", "other");
      await untilKnows(node("hub"), ...submitters.filter((id) => id !== "hub"), "leaf");
    });
    afterAll(async () => {
      await mesh?.[Symbol.asyncDispose]();
      await broker?.[Symbol.asyncDispose]();
    });

    async function roundTrip(from: ProcessNode, to: string): Promise<void> {
      const payload = join(mesh.shared, `payload-${from.id}-${to}`);
      const sum = writeRandom(payload, 5);
      const id = await submit(from, "cat", "--node", to, "-p", payload);
      expect(await digestOfResults(from, id)).toBe(sum);
      await untilUnit(from, id, hasState("Succeeded"));
      expect(await digestOf(from.unitFile(id, "stdout"))).toBe(sum);
      expect((await from.ctl("work", "release", id)).code).toBe(0);
    }

    test.each(submitters)("runs units for %s", async (from) => {
      await expect(roundTrip(node(from), "leaf")).resolves.toBeUndefined();
    });

    test.each(executors)("has units run by %s", async (to) => {
      await expect(roundTrip(node("leaf"), to)).resolves.toBeUndefined();
    });

    test.each([
      ["hub", "leaf", "01"],
      ["far", "leaf", "012"],
      ["leaf", "far", "012"],
      ["leaf", "other", "012"],
    ])("%s pings and traces %s", async (from, to, hops) => {
      expect((await node(from).ctl("ping", to, "--count", "1")).stdout).toContain(`Reply from ${to} in`);
      const { stdout } = await node(from).ctl("traceroute", to);
      const way = [from, ...(hops === "012" ? ["hub"] : []), to];
      expect(stdout.replaceAll(/ in \S+/g, "")).toBe(way.map((id, hop) => `${hop}: ${id}\n`).join(""));
    });

    test("is in everybody's status; its own knows its hub alone", async () => {
      expect((await node("far").status()).RoutingTable).toMatchObject({ leaf: "hub", other: "hub" });
      expect((await node("hub").status()).RoutingTable).toMatchObject({ leaf: "leaf", other: "other" });
      expect((await node("leaf").status()).RoutingTable).toEqual({ hub: "hub" });
    });

    test("goes on with a unit while its hub is killed and comes back: every byte is the same", async () => {
      const gate = join(mesh.shared, `gate-${Date.now()}`);
      const far = node("far");
      const id = await submit(far, "stream", "--node", "leaf", "-n", gate);
      const remoteId = await remoteIdOf(far, id);
      await untilSize(far.unitFile(id, "stdout"), streamBytes / 20);
      await node("hub").stop("SIGKILL");
      await node("hub").start();
      await untilSize(far.unitFile(id, "stdout"), streamBytes);
      writeFileSync(gate, "");
      await untilUnit(far, id, hasState("Succeeded"));
      const sum = await digestOf(node("leaf").unitFile(remoteId, "stdout"));
      expect(await digestOf(far.unitFile(id, "stdout"))).toBe(sum);
      expect(await digestOfResults(far, id)).toBe(sum);
    });
  });
});
