/** One unit of the fault test, and what the test does to it while daemons and helpers die around it. */
export interface PlannedUnit {
  readonly kind: string;
  readonly seed: number;
  /** Exit code, or the signal the command sends itself. */
  readonly code: number;
  readonly treatment: "leave" | "follow" | "cancel" | "release";
}

const selfSignals = [15, 9, 10, 6];

/** `count` units of every kind, every exit code at least now and then, in an order that follows from the seed. */
export function planUnits(count: number, random: () => number): PlannedUnit[] {
  return Array.from({ length: count }, (_, n) => {
    const kind = kindOf(n, random);
    const code = kind === "killed" ? (selfSignals[n % selfSignals.length] ?? 15) : Math.floor(random() * 256);
    return { kind, seed: 1_000 + n, code, treatment: treatmentOf(kind, random) };
  });
}

function kindOf(n: number, random: () => number): string {
  if (n % 50 === 7) return "big";
  const kinds = ["quick", "quick", "quick", "long", "long", "silent", "chatty", "killed", "forking", "stubborn"];
  return kinds[Math.floor(random() * kinds.length)] ?? "quick";
}

function treatmentOf(kind: string, random: () => number): PlannedUnit["treatment"] {
  if (kind === "stubborn") return random() < 0.7 ? "cancel" : "release";
  const chance = random();
  if (chance < 0.1) return "cancel";
  if (chance < 0.15) return "release";
  return chance < 0.4 ? "follow" : "leave";
}
