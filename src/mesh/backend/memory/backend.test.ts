import { describe, expect, test } from "vitest";
import type { Session } from "../backend.ts";
import { describeBackend, eventually } from "../../../../test/kit/backend/conformance.ts";
import { type MemoryOptions, memoryRoad } from "./backend.ts";

const times = { firstMs: [5, 10], baseMs: 20, maxMs: 40 } as const;

describeBackend("memory", async () => ({ ...memoryRoad({ times }), close: () => {} }), {
  reliable: true,
  maxMessageBytes: 65_535,
});

describeBackend(
  "memory with latency",
  async () => ({ ...memoryRoad({ times, faults: { latencyMs: 3 } }), close: () => {} }),
  { reliable: true, maxMessageBytes: 65_535 },
);

/** A generator whose numbers are the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Side {
  readonly session: Session;
  readonly numbers: number[];
}

async function connected(options: MemoryOptions) {
  const road = memoryRoad({ times, ...options });
  const near: Side[] = [];
  const far: Side[] = [];
  const into = (sides: Side[]) => (session: Session) => {
    const numbers: number[] = [];
    sides.push({ session, numbers });
    session.start({ message: (message) => void numbers.push(message[0] ?? -1), drained: () => {} });
  };
  const listening = await road.listener.start(into(far));
  const dialling = await road.dialer.start(into(near));
  await eventually(() => near.length > 0, "a session");
  const close = async (): Promise<void> => {
    await dialling.close();
    await listening.close();
  };
  return { road, near, far, [Symbol.asyncDispose]: close };
}

describe("a road of memory", () => {
  async function what(faults: MemoryOptions["faults"], seed: number): Promise<number[]> {
    await using mesh = await connected({ faults, random: seeded(seed) });
    const session = mesh.near[0]!.session;
    expect(session.isReliable).toBe(false);
    for (let number = 0; number < 100; number++) session.send(Uint8Array.of(number));
    await eventually(() => session.queuedBytes === 0, "all to arrive");
    return mesh.far[0]!.numbers;
  }

  test("loses, doubles and reorders messages as it is told", async () => {
    const lossy = await what({ loss: 0.3 }, 1);
    expect(lossy.length).toBeLessThan(100);
    expect(lossy).toEqual(lossy.toSorted((a, b) => a - b));
    expect((await what({ duplicate: 0.3 }, 1)).length).toBeGreaterThan(100);
    const mixed = await what({ reorder: 0.3 }, 1);
    expect(mixed).toHaveLength(100);
    expect(mixed).not.toEqual(mixed.toSorted((a, b) => a - b));
  });

  test("makes the same faults of the same seed", async () => {
    expect(await what({ loss: 0.3 }, 7)).toEqual(await what({ loss: 0.3 }, 7));
    expect(await what({ loss: 0.3 }, 7)).not.toEqual(await what({ loss: 0.3 }, 8));
  });

  test("cut() ends the sessions at both ends until heal()", async () => {
    await using mesh = await connected({});
    mesh.road.cut();
    expect(await mesh.near[0]!.session.closed).toMatchObject({ message: "memory was cut" });
    expect(await mesh.far[0]!.session.closed).toMatchObject({ message: "memory was cut" });
    mesh.road.heal();
    await eventually(() => mesh.near.length > 1, "a new session");
  });

  test("cut() in silence lets messages vanish and the sessions stand", async () => {
    await using mesh = await connected({});
    mesh.road.cut("silent");
    mesh.near[0]!.session.send(Uint8Array.of(1));
    mesh.road.heal();
    mesh.near[0]!.session.send(Uint8Array.of(2));
    await eventually(() => mesh.far[0]!.numbers.length > 0, "a message");
    expect(mesh.far[0]!.numbers).toEqual([2]);
  });
});
