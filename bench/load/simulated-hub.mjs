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
import { answerWith } from "../kit/load.mjs";

const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const hello = { version: 1, stub: true, hub: false, direct: true };
const everyMs = 10_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

answerWith(async ({ stubs, seconds }) => {
  const time = new VirtualTime();
  const tls = tlsProfiles({ servers: new Map(), clients: new Map(), log });
  const hub = openMesh({ nodeId: "hub", log, tls, environment: time });
  let accept;
  await hub.addBackend({ description: "sessions", start: async (given) => open((accept = given)) }, { cost: 1 });
  const sessions = Array.from({ length: stubs }, (_, n) => new StubSession(n, time));
  const before = await used();
  let start = process.cpuUsage();
  for (const session of sessions) accept(session);
  for (const session of sessions) session.greet();
  time.advance(1_000);
  const admitted = cpuMs(start);
  if (hub.status().Connections.length !== stubs) throw new Error("some stubs are not up");
  const bytes = ((await used()) - before) / stubs;
  for (const session of sessions) session.liveOn();
  time.advance(everyMs);
  start = process.cpuUsage();
  time.advance(seconds * 1_000);
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
    this.time.after(this.time.random() * everyMs, () => this.tell());
  }

  tell() {
    this.events.message(encodeAlive(7));
    this.time.after(everyMs, () => this.tell());
  }
}

/** Timers in the order of their time, in buckets of ten milliseconds. */
class VirtualTime {
  #elapsed = 0;
  #buckets = new Map();

  now() {
    return 1.7e12 + this.#elapsed;
  }

  elapsed() {
    return this.#elapsed;
  }

  random() {
    return Math.random();
  }

  after(ms, run) {
    const bucket = Math.floor((this.#elapsed + Math.max(ms, 10)) / 10);
    const entry = { run };
    const due = this.#buckets.get(bucket);
    if (due) due.push(entry);
    else this.#buckets.set(bucket, [entry]);
    return () => (entry.run = undefined);
  }

  advance(ms) {
    for (const end = this.#elapsed + ms; this.#elapsed < end; this.#elapsed += 10) {
      const bucket = Math.floor(this.#elapsed / 10);
      for (const entry of this.#buckets.get(bucket) ?? []) entry.run?.();
      this.#buckets.delete(bucket);
    }
  }
}
