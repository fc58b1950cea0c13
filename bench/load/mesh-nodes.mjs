/** Nodes of a mesh in one process, real but for their being together: each has its own sockets. */
import { setTimeout as sleep } from "node:timers/promises";
import { makeBackend, openMesh, tlsProfiles } from "../../dist/mesh/mod.js";
import { answerWith } from "../kit/load.mjs";
import { areRight } from "../kit/ring.mjs";

const log = { debug() {}, info() {}, warn() {}, error: console.error };
const tls = tlsProfiles({ servers: new Map(), clients: new Map(), log });
const terms = { cost: 1 };
const loopback = "127.0.0.1";
/** Nodes by id, with the roads that can be closed and opened again. */
const nodes = new Map();

answerWith(async ({ make, ...task }) => (make ? makeNode(make) : tasks[task.name](task)));

/** `{id, isStub, listens, peers}`: ports of 127.0.0.1. */
async function makeNode({ id, isStub = false, listens = [], peers = [] }) {
  const mesh = openMesh({ nodeId: id, isStub, log, tls });
  const roads = new Map();
  nodes.set(id, { mesh, roads });
  for (const port of listens) await addRoad(mesh, { kind: "tcp-listener", port, bindAddress: loopback });
  for (const port of peers) roads.set(port, await dial(mesh, port));
}

const tasks = {
  /** Take a road of a node away. Gives when, on the machine's monotonic clock. */
  cut: async ({ id, port }) => {
    const at = now();
    await nodes.get(id).roads.get(port).close();
    return at;
  },
  /** Give it back. */
  heal: async ({ id, port }) => {
    const { mesh, roads } = nodes.get(id);
    const at = now();
    roads.set(port, await dial(mesh, port));
    return at;
  },
  /** When the last node of this process had the next hops of a line, or of a ring, of `count` nodes. */
  settled: async ({ count, isRing }) => {
    const waiting = new Set(nodes.keys());
    for (;;) {
      for (const id of waiting)
        if (areRight(id, nodes.get(id).mesh.status().RoutingTable, count, isRing)) waiting.delete(id);
      if (waiting.size === 0) return now();
      await sleep(2);
    }
  },
  /** Wait until each of the nodes has a link. */
  linked: async () => {
    for (const { mesh } of nodes.values()) while (mesh.status().Connections.length === 0) await sleep(20);
  },
};

async function dial(mesh, port) {
  return addRoad(mesh, { kind: "tcp-peer", address: `${loopback}:${port}`, redial: true });
}

async function addRoad(mesh, settings) {
  return mesh.addBackend(await makeBackend(settings, log), terms);
}

function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
