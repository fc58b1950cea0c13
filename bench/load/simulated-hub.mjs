/**
 * A hub and its stubs in one process and in a time of its own. Of the stubs there is only what the hub sees: a session,
 * what they say when they come, and a sign of life every ten seconds.
 *
 * Answers bytes of heap for each, and processor time of the hub for a second of its time.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openMesh, tlsProfiles } from "../../dist/mesh/mod.js";
import { encodeRoutingUpdate } from "../../dist/mesh/packet/routing-update.js";
import { encodeAlive } from "../../dist/mesh/routing/neighbour-messages.js";
import { VirtualEnvironment, VirtualTime } from "../../dist/mesh/simulator/virtual-time.js";
import { answerWith } from "../kit/load.mjs";

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const hello = { version: 1, stub: true, hub: false, direct: true };
const everyMs = 10_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

answerWith(async ({ stubs, seconds }) => {
  const time = new VirtualTime();
  const tls = tlsProfiles({ servers: new Map(), clients: new Map(), log });
  const hub = openMesh({ nodeId: "hub", log, tls, environment: new VirtualEnvironment(time, Math.random) });
  let accept;
  await hub.addBackend({ description: "sessions", start: async (given) => open((accept = given)) }, { cost: 1 });
  const sessions = Array.from({ length: stubs }, (_, n) => new StubSession(n, time));
  const before = await used();
  let start = process.cpuUsage();
  for (const session of sessions) accept(session);
  for (const session of sessions) session.greet();
  time.runUntil(1_000);
  const admitted = cpuMs(start);
  if (hub.status().Connections.length !== stubs) throw new Error("some stubs are not up");
  const bytes = ((await used()) - before) / stubs;
  for (const session of sessions) session.liveOn();
  time.runUntil(1_000 + everyMs);
  start = process.cpuUsage();
  time.runUntil(1_000 + everyMs + seconds * 1_000);
  return { bytes, admittedMs: admitted / stubs, cpuPercent: cpuMs(start) / (seconds * 10) };
});

function open() {
  return { addresses: [], close: async () => {} };
}

function cpuMs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e3;
}

async function used() {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** What a hub has of a stub. */
class StubSession {
  description = "simulated";
  isReliable = true;
  maxMessageBytes = 65_535;
  queuedBytes = 0;
  provenNodeIds = undefined;
  closed = new Promise(() => {});

  constructor(number, time) {
    this.id = `stub${number}`;
    this.time = time;
  }

  start(events) {
    this.events = events;
  }

  send() {}

  close() {}

  greet() {
    const update = { nodeId: this.id, forwardingNode: this.id, updateEpoch: 1n << 50n, suspectedDuplicate: 0n };
    const say = (updateSequence, connections) => {
      const updateId = `${this.id}${updateSequence}`;
      this.events.message(encodeRoutingUpdate({ ...update, updateId, updateSequence, connections, farhand: hello }));
    };
    say(1n, new Map());
    say(2n, new Map([["hub", 1]]));
  }

  liveOn() {
    this.time.after(Math.random() * everyMs, () => this.tell());
  }

  tell() {
    this.events.message(encodeAlive(7));
    this.time.after(everyMs, () => this.tell());
  }
}
