/** What is done to whom, in the order of the plan. Times in milliseconds. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** Name of what it is done to, among the victims that the kind has. */
  readonly victim: string;
  /** After the fault before it. */
  readonly pauseMs: number;
  /** Until it is healed; others may begin meanwhile. */
  readonly lastsMs: number;
  /** Of a clock: how far ahead it is from then on. */
  readonly aheadMs: number;
}

export type FaultKind =
  | "kill worker"
  | "kill helpers"
  | "kill server"
  | "restart database"
  | "cut link"
  | "restart broker"
  | "freeze"
  | "turn clock"
  | "fill disk";

/** How often of a hundred a kind comes, and for how long at most. */
const kinds: Readonly<Record<FaultKind, { readonly share: number; readonly longestMs: number }>> = {
  "kill worker": { share: 14, longestMs: 1_500 },
  "kill helpers": { share: 13, longestMs: 0 },
  "kill server": { share: 5, longestMs: 1_000 },
  "restart database": { share: 6, longestMs: 2_000 },
  "cut link": { share: 26, longestMs: 3_000 },
  "restart broker": { share: 3, longestMs: 500 },
  freeze: { share: 15, longestMs: 4_000 },
  "turn clock": { share: 10, longestMs: 0 },
  "fill disk": { share: 8, longestMs: 3_000 },
};

/** Who can be hit by a fault of a kind; a kind without victims is left out. */
export type Victims = Readonly<Record<FaultKind, readonly string[]>>;

const longestPauseMs = 1_300;
const dayMs = 24 * 60 * 60_000;

/** `count` faults, of every kind that has victims its share and at least one, in an order that follows from the seed. */
export function planFaults(count: number, victims: Victims, random: () => number): PlannedFault[] {
  const possible = (Object.keys(kinds) as FaultKind[]).filter((kind) => victims[kind].length > 0);
  const deck = possible.flatMap((kind) => dealt(kind, count));
  while (deck.length < count) deck.push("cut link");
  return shuffled(deck.slice(0, count), random).map((kind) => {
    const shortOrLong = random() < 0.3 ? 0 : random() * kinds[kind].longestMs;
    return {
      kind,
      victim: oneOf(victims[kind], random),
      pauseMs: Math.round(random() * longestPauseMs),
      lastsMs: Math.round(shortOrLong),
      aheadMs: kind === "turn clock" ? oneOf([-dayMs, -600_000, -40_000, 5_000, 40_000, 600_000, dayMs], random) : 0,
    };
  });
}

function dealt(kind: FaultKind, count: number): FaultKind[] {
  return Array.from({ length: Math.max(1, Math.floor((count * kinds[kind].share) / 100)) }, () => kind);
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const keyed = list.map((value) => ({ value, key: random() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ value }) => value);
}

function oneOf<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error("there is none to choose from");
  return one;
}
