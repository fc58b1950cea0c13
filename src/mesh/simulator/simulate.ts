import { neighbourMessageType } from "../routing/neighbour-messages.ts";
import { messageType } from "../packet/message-types.ts";
import { departure, type Fault, type FaultKind, makeFault } from "./faults.ts";
import { examine, forgottenAfterMs } from "./invariants.ts";
import { type PingCounts, pingAnyhow, pingSettled } from "./probes.ts";
import { SimulatedMesh } from "./simulated-mesh.ts";
import type { RouterMaker } from "./simulated-node.ts";

/** What to simulate. */
export interface SimulationSettings {
  readonly seed: number;
  readonly nodes: number;
  readonly hours: number;
  readonly faults: readonly FaultKind[];
}

/** What is not part of what is simulated. */
export interface SimulationOptions {
  /** Told now and then how far it is. */
  readonly progress?: ((atHours: number, violations: number) => void) | undefined;
  /** Instead of the real router; for tests of the simulator. */
  readonly makeRouter?: RouterMaker | undefined;
}

/** Milliseconds until all who could reach each other knew the same. */
export interface Convergence {
  readonly what: string;
  readonly ms: readonly number[];
}

/** Something that must hold and did not. */
export interface Violation {
  readonly atSeconds: number;
  /** The fault it came with or after. */
  readonly during: string;
  readonly what: string;
}

/** What came out; the same for the same settings. */
export interface SimulationReport {
  readonly settings: SimulationSettings;
  readonly roads: { readonly reliable: number; readonly unreliable: number };
  readonly events: number;
  readonly convergence: readonly Convergence[];
  /** Messages over all roads. */
  readonly messages: {
    readonly routing: number;
    readonly summaries: number;
    readonly signsOfLife: number;
    readonly data: number;
  };
  readonly pings: { readonly settled: PingCounts; readonly anyhow: PingCounts };
  /** Nodes that left for good, and were to be forgotten. */
  readonly departed: number;
  /** Times the mesh was examined, and single statements that were. */
  readonly checks: number;
  readonly statements: number;
  readonly violations: readonly Violation[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const lookEveryMs = 100;
/** A mesh that has not settled by then never will. */
const settleWithinMs = 5 * minuteMs;
/** From the settling to the look at how quiet it is: time for everything that is late to come, and be given up. */
const restMs = 40_000;
const quietMs = 20_000;
/** Every link's two ends give two signs of life in that time, and one more or less as it falls. */
const signsInQuiet = { least: 2, most: 6 };
/** On average; what comes on top is the time each fault lasts. */
const gapMs = 40 * minuteMs;
const pingsPerCheck = 10;
const pingsPerFault = 20;
/** Of 200 nodes one leaves for good, when there is time to see that it is forgotten. */
const nodesPerDeparture = 200;
const maxViolations = 1000;

/** Run a mesh for hours of its own time (design §4.2). */
export async function simulate(
  settings: SimulationSettings,
  options: SimulationOptions = {},
): Promise<SimulationReport> {
  return await new Simulation(settings, options).run();
}

class Simulation {
  readonly #settings: SimulationSettings;
  readonly #options: SimulationOptions;
  readonly #mesh: SimulatedMesh;
  readonly #endMs: number;
  readonly #convergence = new Map<string, number[]>();
  readonly #violations: Violation[] = [];
  readonly #pings = { settled: noPings(), anyhow: noPings() };
  #during = "the start";
  #departed = 0;
  #checks = 0;
  #statements = 0;
  /** Kinds still to come before the first comes again, so that each has its turn. */
  #toCome: FaultKind[] = [];

  constructor(settings: SimulationSettings, options: SimulationOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#mesh = new SimulatedMesh(settings.seed, settings.nodes, options.makeRouter);
    this.#endMs = settings.hours * hourMs;
  }

  async run(): Promise<SimulationReport> {
    const { time, random } = this.#mesh;
    // All have started by then, and nobody has a link yet.
    time.runUntil(lookEveryMs);
    this.#converge("start");
    await this.#examine();
    while (time.now < this.#endMs) {
      this.#tell();
      this.#letSomeLeave();
      time.runUntil(Math.min(this.#endMs, time.now + 2 * random() * gapMs));
      const kind = this.#nextKind();
      if (kind !== undefined && time.now < this.#endMs) await this.#live(makeFault[kind](this.#mesh));
    }
    this.#during = "the end";
    await this.#examine();
    return this.#report();
  }

  /** A fault from its begin to its end, with a look at the mesh after each. */
  async #live(fault: Fault): Promise<void> {
    const { time } = this.#mesh;
    const end = time.now + fault.lastsMs;
    this.#during = fault.kind;
    // While roads are bad nobody can be asked to agree; a cut or a restart is over in a moment, and then they must.
    if (fault.isClear) this.#converge(`${fault.kind} begins`);
    await pingAnyhow(this.#mesh, pingsPerFault, this.#pings.anyhow);
    if (!fault.isClear) this.#restartMeanwhile(end);
    time.runUntil(Math.max(time.now, end));
    if (fault.isClear) this.#look();
    this.#note(fault.end());
    this.#converge(`${fault.kind} ends`);
    await this.#examine();
  }

  /** A change in the middle of bad weather, for half of the times. */
  #restartMeanwhile(end: number): void {
    const { time, random } = this.#mesh;
    if (!this.#settings.faults.includes("restart") || random() < 0.5) return;
    time.runUntil(time.now + random() * Math.max(0, end - time.now));
    this.#during += ", restart";
    const restart = makeFault.restart(this.#mesh);
    time.runUntil(time.now + restart.lastsMs);
    restart.end();
  }

  /** Once, early enough for the mesh to forget them. */
  #letSomeLeave(): void {
    const { time } = this.#mesh;
    const isTooLate = time.now + forgottenAfterMs + 10 * minuteMs > this.#endMs;
    if (this.#departed > 0 || isTooLate || time.now < this.#endMs / 8) return;
    this.#during = "departure";
    this.#departed = departure(this.#mesh, Math.ceil(this.#settings.nodes / nodesPerDeparture)).length;
    this.#converge("departure");
  }

  #nextKind(): FaultKind | undefined {
    const { random } = this.#mesh;
    if (this.#toCome.length === 0) this.#toCome = [...this.#settings.faults];
    return this.#toCome.splice(Math.floor(random() * this.#toCome.length), 1)[0];
  }

  #converge(what: string): void {
    const { time } = this.#mesh;
    const start = time.now;
    while (this.#mesh.unsettled() !== undefined && time.now - start < settleWithinMs)
      time.runUntil(time.now + lookEveryMs);
    const unsettled = this.#mesh.unsettled();
    if (unsettled !== undefined) this.#note(`the mesh did not settle within ${settleWithinMs / 1000} s: ${unsettled}`);
    const times = this.#convergence.get(what) ?? [];
    this.#convergence.set(what, times);
    times.push(time.now - start);
  }

  /** Everything there is to examine, after a rest. */
  async #examine(): Promise<void> {
    const { time } = this.#mesh;
    time.runUntil(time.now + restMs);
    this.#look();
    this.#lookForQuiet();
    for (let sent = 0; sent < pingsPerCheck; sent++) this.#claim(await pingSettled(this.#mesh, this.#pings.settled));
  }

  #look(): void {
    this.#checks++;
    const { statements, violations } = examine(this.#mesh);
    this.#statements += statements;
    for (const what of violations) this.#note(what);
  }

  /** A mesh in which nothing changes says nothing but that it is alive. */
  #lookForQuiet(): void {
    const { counts, time } = this.#mesh;
    const before = Float64Array.from(counts);
    time.runUntil(time.now + quietMs);
    const since = (type: number): number => (counts[type] as number) - (before[type] as number);
    const loud = since(messageType.routing) + since(neighbourMessageType.summary);
    this.#claim(loud > 0 ? `${loud} messages of routing while nothing changed` : undefined);
    const signs = since(neighbourMessageType.alive);
    const links = this.#mesh.sites.reduce((sum, { node }) => sum + (node?.router.links.size ?? 0), 0) / 2;
    const isRight = signs >= signsInQuiet.least * links && signs <= signsInQuiet.most * links;
    this.#claim(isRight ? undefined : `${signs} signs of life over ${links} links in ${quietMs / 1000} s`);
  }

  #claim(violation: string | undefined): void {
    this.#statements++;
    this.#note(violation);
  }

  #note(what: string | undefined): void {
    if (what === undefined || this.#violations.length >= maxViolations) return;
    this.#violations.push({ atSeconds: this.#mesh.time.now / 1000, during: this.#during, what });
  }

  #tell(): void {
    this.#options.progress?.(this.#mesh.time.now / hourMs, this.#violations.length);
  }

  #report(): SimulationReport {
    const { counts, roads, time } = this.#mesh;
    const sent = (type: number): number => counts[type] as number;
    const reliable = roads.filter(({ weather }) => weather.isReliable).length;
    return {
      settings: this.#settings,
      roads: { reliable, unreliable: roads.length - reliable },
      events: time.count,
      convergence: [...this.#convergence].map(([what, ms]) => ({ what, ms })),
      messages: {
        routing: sent(messageType.routing),
        summaries: sent(neighbourMessageType.summary),
        signsOfLife: sent(neighbourMessageType.alive),
        data: sent(messageType.data),
      },
      pings: this.#pings,
      departed: this.#departed,
      checks: this.#checks,
      statements: this.#statements,
      violations: this.#violations,
    };
  }
}

function noPings(): PingCounts {
  return { sent: 0, answered: 0, hops: [] };
}
