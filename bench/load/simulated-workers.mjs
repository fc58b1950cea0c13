/**
 * Many workers of a server in one process. Of each there is all that its server sees: a node of the mesh with a road of its
 * own, its key and certificate, a conversation over a stream with TLS, heartbeats, and answers to `units.list`. There is no
 * daemon below: a worker of these has no units.
 */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { methodTable, serve, unitsList } from "../../dist/fleet/mod.js";
import { makeBackend, openMesh } from "../../dist/mesh/mod.js";
import { Agent } from "../../dist/worker/agent/agent.js";
import { Askers } from "../../dist/worker/agent/askers.js";
import { Instance } from "../../dist/worker/agent/instance.js";
import { answerWith } from "../kit/load.mjs";
import { BeatClock } from "../kit/beat-clock.mjs";
import { tlsInMemory } from "../kit/tls-in-memory.mjs";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const profile = "fleet";
const work = {
  state: "registered",
  helpersRunning: 4,
  helpersBusy: 1,
  helperSlots: 4,
  unitsRunning: 1,
  unitsPending: 0,
};
const machine = { memoryTotalBytes: 16e9, diskFreeBytes: 5e10, diskTotalBytes: 1e11 };

const workers = [];

const tasks = {
  /**
   * Start every `of`-th worker of the first `most` in the file `members`, beginning with the one numbered `first`, `atOnce`
   * of them on their way at a time. Answers when all are registered.
   */
  join: async ({ members, first, of, road, atOnce, most }) => {
    const all = readFileSync(members, "utf8").trim().split("\n").slice(0, most);
    const mine = all.filter((_, n) => n % of === first)[Symbol.iterator]();
    const joinNext = async () => {
      for (const line of mine) {
        const worker = new SimulatedWorker(JSON.parse(line));
        workers.push(worker);
        await worker.join(road);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, joinNext));
    return workers.length;
  },
  /** How many are registered now. */
  count: async () => workers.filter((worker) => worker.isRegistered).length,
  /** When each registration since the last question was over, milliseconds since 1970. */
  registrations: async () => workers.flatMap((worker) => worker.registeredAt.splice(0)),
  /** Each beats as soon as its last heartbeat is answered. What each heartbeat took, milliseconds. */
  rush: async ({ forMs }) => {
    await Promise.all(workers.map((worker) => worker.clock.rush(forMs)));
    return workers.flatMap((worker) => worker.rushed);
  },
};

answerWith(({ name, ...task }) => tasks[name](task));

class SimulatedWorker {
  clock = new BeatClock();
  registeredAt = [];
  /** What each heartbeat took that was followed by another at once, milliseconds. */
  rushed = [];
  #said;
  #agent;
  #isIn = () => {};
  #beganAt;

  constructor(said) {
    this.#said = said;
  }

  get isRegistered() {
    return this.#agent.state.state === "registered";
  }

  /** Resolves when it is registered the first time. */
  async join({ kind, address }) {
    const { self, key, registered } = this.#said;
    const { workerId, name, node, serverNode, authority, certificate } = registered;
    const membership = { workerId, name, node, serverNode, serverUrl: "" };
    const tls = tlsInMemory({ key, cert: certificate + authority, ca: authority });
    const mesh = openMesh({ nodeId: node, isStub: true, log, tls });
    this.#agent = new Agent({
      ...{ mesh, tlsClient: profile, membership, self, log, clock: this.clock },
      identity: { key: () => createPrivateKey(key), keep: () => this.#registered() },
      instance: new Instance(Date.now()),
      askers: new Askers(() => ({ "*": "admin" })),
      table: methodTable([serve(unitsList, () => ({ units: [] }))]),
      vitals: async () => this.#vitals(),
      work: () => work,
      sessionEnded: () => {},
    });
    const isIn = new Promise((resolve) => (this.#isIn = resolve));
    await mesh.addBackend(await makeBackend({ kind, address, tls: tls.client() }, log), { cost: 1 });
    this.#agent.start();
    await isIn;
  }

  #registered() {
    this.registeredAt.push(Date.now());
    this.#isIn();
  }

  /** Called at the beginning of each heartbeat. */
  #vitals() {
    const now = performance.now();
    const { isRushing } = this.clock;
    if (isRushing && this.#beganAt !== undefined) this.rushed.push(now - this.#beganAt);
    this.#beganAt = isRushing ? now : undefined;
    const load = Math.random() * 4;
    return {
      ...machine,
      ...{ cpuPercent: Math.random() * 100, memoryUsedBytes: Math.round(Math.random() * 16e9) },
      ...{ loadAverage1m: load, loadAverage5m: load, loadAverage15m: load, machineUptimeSeconds: now / 1_000 },
    };
  }
}
