import { type Fault, type FaultKind, makeFault } from "./faults.ts";
import { violations } from "./invariants.ts";
import { SimulatedMesh } from "./simulated-mesh.ts";

/** What to simulate. */
export interface SimulationSettings {
  readonly seed: number;
  readonly nodes: number;
  readonly hours: number;
  readonly faults: readonly FaultKind[];
}

/** What came out; the same for the same settings. */
export interface SimulationReport {
  readonly settings: SimulationSettings;
  readonly roads: number;
  readonly events: number;
  /** Milliseconds from the start until all nodes knew the same. */
  readonly firstConvergenceMs: number;
  /** For each kind: milliseconds from a fault, or from its end, until all who can reach each other knew the same. */
  readonly convergenceMs: Readonly<Partial<Record<FaultKind, readonly number[]>>>;
  /** Messages over all roads, by type byte. */
  readonly messages: Readonly<Float64Array>;
  readonly checks: number;
  /** Each broken invariant, with the virtual time in seconds. */
  readonly violations: readonly { readonly atSeconds: number; readonly what: string }[];
}

const lookEveryMs = 250;
/** A mesh that has not settled by then never will. */
const settleWithinMs = 5 * 60_000;
/** From the end of one fault to the next: time for everything that is late to come. */
const restMs = 60_000;
/** On average; what comes on top is the time each fault lasts. */
const faultsPerHour = 2;

/** Run a mesh for hours of its own time (design §4.2). */
export function simulate(settings: SimulationSettings): SimulationReport {
  return new Simulation(settings).run();
}

class Simulation {
  readonly #settings: SimulationSettings;
  readonly #mesh: SimulatedMesh;
  readonly #convergence: Partial<Record<FaultKind, number[]>> = {};
  readonly #violations: { atSeconds: number; what: string }[] = [];
  #checks = 0;

  constructor(settings: SimulationSettings) {
    this.#settings = settings;
    this.#mesh = new SimulatedMesh(settings.seed, settings.nodes);
  }

  run(): SimulationReport {
    const settings = this.#settings;
    const { time, random } = this.#mesh;
    const end = settings.hours * 3_600_000;
    time.runUntil(500);
    const firstConvergenceMs = 500 + this.#untilSettled();
    while (time.now < end) {
      time.runUntil(Math.min(end, time.now + (2 * random() * 3_600_000) / faultsPerHour));
      const kind = settings.faults[Math.floor(random() * settings.faults.length)];
      if (kind !== undefined && time.now < end) this.#live(makeFault[kind](this.#mesh));
    }
    this.#check();
    const { counts, roads } = this.#mesh;
    return {
      settings,
      roads: roads.length,
      events: time.count,
      firstConvergenceMs,
      convergenceMs: this.#convergence,
      messages: counts,
      checks: this.#checks,
      violations: this.#violations,
    };
  }

  /** A fault from its begin to its end, with a look at the mesh after each. */
  #live(fault: Fault): void {
    const { time } = this.#mesh;
    const end = time.now + fault.lastsMs;
    // While roads are bad nobody can be asked to agree; a cut or a restart is over in a moment, and then they must.
    const isClear = fault.kind === "partition" || fault.kind === "restart";
    if (isClear) this.#converge(fault.kind);
    time.runUntil(Math.max(end, time.now));
    if (isClear) this.#check();
    this.#note(fault.violation?.());
    fault.end();
    this.#converge(fault.kind);
    time.runUntil(time.now + restMs);
    this.#check();
  }

  #converge(kind: FaultKind): void {
    (this.#convergence[kind] ??= []).push(this.#untilSettled());
  }

  #untilSettled(): number {
    const { time } = this.#mesh;
    const start = time.now;
    while (!this.#mesh.hasSettled() && time.now - start < settleWithinMs) time.runUntil(time.now + lookEveryMs);
    if (!this.#mesh.hasSettled()) this.#note(`the mesh did not settle within ${settleWithinMs / 1000} s`);
    return time.now - start;
  }

  #check(): void {
    this.#checks++;
    for (const what of violations(this.#mesh)) this.#note(what);
  }

  #note(what: string | undefined): void {
    if (what !== undefined) this.#violations.push({ atSeconds: this.#mesh.time.now / 1000, what });
  }
}
