/**
 * A whole node with an enemy on an established link that says very many things, half sense and half nonsense. In
 * CI so many that it reaches every bound.
 */
import { setImmediate } from "node:timers/promises";
import { silentLog } from "#core";
import { expect } from "vitest";
import { fuzzSeeds, type Random, randomOf } from "../../test/kit/fuzz.ts";
import type { Session, SessionEvents } from "./backend/backend.ts";
import { tlsProfiles } from "./certificate/profiles.ts";
import { type Mesh, openMesh } from "./mesh.ts";
import { encodeAdvertisement } from "./packet/advertisement.ts";
import { encodeData } from "./packet/data-message.ts";
import { goTime } from "./packet/go-time.ts";
import { nodeHash } from "./packet/node-hash.ts";
import { encodeRoutingUpdate } from "./packet/routing-update.ts";
import { allHashes, encodeAlive, encodeSummary } from "./routing/neighbour-messages.ts";
import { TurnedClock } from "../../test/kit/turned-clock.ts";

const messages = Number(process.env["FUZZ_SECONDS"] ?? 1) < 10 ? 20_000 : 100_000;

/** A session whose far end is the test. */
class PlayedSession implements Session {
  readonly description = "played";
  readonly isReliable = true;
  readonly maxMessageBytes = 65_535;
  readonly queuedBytes = 0;
  readonly provenNodeIds = undefined;
  readonly closed: Promise<Error | undefined>;
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  #events: SessionEvents | undefined;
  #end: (error: Error | undefined) => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  start(events: SessionEvents): void {
    this.#events = events;
  }

  send(message: Uint8Array): void {
    this.sent.push(message);
  }

  close(): void {
    this.isClosed = true;
    this.#end(undefined);
  }

  say(message: Uint8Array): void {
    if (message.length > 0) this.#events?.message(Buffer.from(message));
  }
}

// Not the enemy's own: what it says of itself at random ends its link, and that is soon over.
const ids = ["own", "friend", "ally", "constructor", "__proto__", "", "x".repeat(255)];
const services = ["ping", "unreach", "control", "x", ""];

let updates = 0;

function update(forwardingNode: string, nodeId: string, connections: Record<string, number>, more = {}): Uint8Array {
  const ages = { updateEpoch: 1n, updateSequence: 1n, suspectedDuplicate: 0n };
  // Without direct streams, whose frames have an enemy of their own and end a link that lies in one.
  const hello = { version: 1, stub: false, hub: true, direct: false, quic: false };
  return encodeRoutingUpdate({
    ...{
      nodeId,
      updateId: `u${++updates}`,
      connections: new Map(Object.entries(connections)),
      forwardingNode,
      farhand: hello,
    },
    ...ages,
    ...more,
  });
}

const sense: readonly ((random: Random, id: () => string) => Uint8Array)[] = [
  (random, id) =>
    update(
      "enemy",
      id(),
      { [id()]: 1 + random(3), [id()]: 1 },
      {
        updateEpoch: BigInt(random(1e9)) << BigInt(random(34)),
        updateSequence: BigInt(random(1e6)),
        suspectedDuplicate: random(4) === 0 ? BigInt(random(1e9)) : 0n,
      },
    ),
  (random) => update("enemy", "enemy", { own: 1 }, { updateSequence: BigInt(2 + random(1e9)) }),
  (random, id) => {
    const ad = {
      nodeId: id() || "x",
      service: services[random(5)] ?? "",
      time: goTime(random(2e12)),
      connType: 1,
    } as const;
    return encodeAdvertisement({ ...ad, tags: null, workCommands: null, cancel: random(3) === 0 });
  },
  (random, id) =>
    encodeData({
      ...{ hops: random(256), fromHash: nodeHash(id()), toHash: nodeHash(id()) },
      ...{ fromService: services[random(5)] ?? "", toService: services[random(5)] ?? "" },
      payload: Buffer.alloc(random(100), random(256)),
    }),
  (random) => encodeAlive(random(2 ** 32)),
  (random, id) => {
    const entries = Array.from({ length: random(20) }, () => ({ hash: nodeHash(id()), epoch: 1n, sequence: 1n }));
    return encodeSummary({ ...allHashes, wantsAnswer: random(2) === 0, entries });
  },
  (random) => Buffer.concat([Uint8Array.of(16), Buffer.from(Array.from({ length: random(40) }, () => random(256)))]),
  (random) => Buffer.from(Array.from({ length: 1 + random(60) }, () => random(256))),
];

function message(random: Random): Uint8Array {
  const id = (): string => (random(2) === 0 ? `n${random(50_000)}` : (ids[random(ids.length)] ?? ""));
  const made = Buffer.from(sense[random(sense.length)]!(random, id));
  for (let damages = random(4) === 0 ? random(4) : 0; damages > 0; damages--) made[random(made.length)] = random(256);
  // A reject is the enemy's own end.
  return made[0] === 3 ? Uint8Array.of(4) : made;
}

/** @returns how much of it the friend had to hear. */
async function besieged(seed: number): Promise<number> {
  const clock = new TurnedClock(seed);
  const mesh = openMesh({
    nodeId: "own",
    log: silentLog,
    environment: clock,
    tls: tlsProfiles({ servers: new Map(), clients: new Map(), log: silentLog }),
  });
  try {
    const friend = await join(mesh, "friend", { own: 1, ally: 1 });
    friend.say(update("friend", "ally", { friend: 1 }));
    let enemy = await join(mesh, "enemy", { own: 1 });
    clock.pass(1_000);
    friend.sent.length = 0;
    const random = randomOf(seed);
    for (let count = 0; count < messages; count++) {
      enemy.say(message(random));
      if (enemy.isClosed) enemy = await join(mesh, "enemy", { own: 1 });
      if (count % 1_000 === 0) {
        clock.pass(500);
        friend.say(encodeAlive(1));
        await setImmediate();
        enemy.sent.length = 0;
      }
    }
    const heard = friend.sent.length;
    expectUnharmed(mesh, friend);
    return heard;
  } finally {
    await mesh.close();
  }
}

function expectUnharmed(mesh: Mesh, friend: PlayedSession): void {
  expect(friend.isClosed).toBe(false);
  const status = mesh.status();
  expect(status.Connections).toContainEqual({ NodeID: "friend", Cost: 1 });
  expect(status.Advertisements.length).toBeLessThanOrEqual(20_000);
  expect(Object.keys(status.KnownConnectionCosts).length).toBeLessThanOrEqual(20_001);
  friend.sent.length = 0;
  const names = { fromHash: nodeHash("friend"), toHash: nodeHash("own") };
  const ping = { hops: 29, fromService: "AbCd1234", toService: "ping", payload: new Uint8Array(0) };
  friend.say(encodeData({ ...names, ...ping }));
  expect(friend.sent.filter(([type]) => type === 0)).toHaveLength(1);
}

async function join(mesh: Mesh, id: string, connections: Record<string, number>): Promise<PlayedSession> {
  const session = new PlayedSession();
  const backend = {
    description: "played",
    start: async (accept: (session: Session) => void) => {
      accept(session);
      return { addresses: [], close: async () => session.close() };
    },
  };
  await mesh.addBackend(backend, { cost: 1 });
  session.say(update(id, id, {}));
  session.say(update(id, id, connections, { updateSequence: 2n }));
  return session;
}

fuzzSeeds("a node under siege serves its friends", async (seed) => {
  expect(await besieged(seed)).toBeLessThan(messages);
});
