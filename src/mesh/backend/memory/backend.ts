import { type Clock, type Log, systemClock } from "#core";
import { MeshError } from "../../errors.ts";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { type DialerBackend, redialling } from "../redial.ts";
import type { RedialTimes } from "../patience.ts";
import type { MemoryFaults } from "./lane.ts";
import { type MemoryLink, type MemorySession, memorySessions } from "./session.ts";

/** How a road of memory is made. */
export interface MemoryOptions {
  /** For logs; default `memory`. */
  readonly name?: string | undefined;
  readonly faults?: MemoryFaults | undefined;
  /** Default 65535, as over TCP. */
  readonly maxMessageBytes?: number | undefined;
  /** Numbers from 0 up to 1; seeded, the same faults happen again. */
  readonly random?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
  readonly times?: Partial<RedialTimes> | undefined;
  readonly log?: Log | undefined;
}

/** A road inside the process, for tests of what stands on roads. */
export interface MemoryRoad {
  readonly listener: Backend;
  readonly dialer: DialerBackend;
  /**
   * `broken`: every session ends with an error and every dial fails. `silent`: sessions stay, and what is sent
   * vanishes, as when a cable is pulled.
   */
  cut(how?: "broken" | "silent"): void;
  heal(): void;
}

/** A listener and a dialer of it. The dialer may be started several times: each gets sessions of its own. */
export function memoryRoad(options: MemoryOptions = {}): MemoryRoad {
  const road = new Road(options);
  const dialing = { description: `memory-peer ${road.name}`, dial: async () => road.connect() };
  const { clock, random, times, log } = options;
  return {
    listener: { description: `memory-listener ${road.name}`, start: async (accept) => road.listen(accept) },
    dialer: redialling(dialing, { clock, random, times, log }),
    cut: (how = "broken") => road.cut(how),
    heal: () => road.heal(),
  };
}

class Road {
  readonly name: string;
  readonly #link: MemoryLink;
  readonly #sessions = new Set<MemorySession>();
  #accept: ((session: Session) => void) | undefined;
  #cut: "broken" | "silent" | undefined;

  constructor({ name = "memory", faults = {}, maxMessageBytes = 65_535, random, clock }: MemoryOptions) {
    this.name = name;
    const { loss = 0, reorder = 0, duplicate = 0 } = faults;
    this.#link = {
      description: name,
      maxMessageBytes,
      faults,
      isReliable: loss + reorder + duplicate === 0,
      random: random ?? Math.random,
      clock: clock ?? systemClock,
      isSilent: () => this.#cut === "silent",
    };
  }

  listen(accept: (session: Session) => void): OpenBackend {
    if (this.#accept) throw new MeshError("LISTEN_FAILED", `${this.name} is already listened on`);
    this.#accept = accept;
    const close = async (): Promise<void> => {
      this.#accept = undefined;
      for (const session of this.#sessions) session.close();
    };
    return { addresses: [this.name], close };
  }

  connect(): Session {
    if (!this.#accept || this.#cut) throw new MeshError("DIAL_FAILED", `nobody listens on ${this.name}`);
    const [near, far] = memorySessions(this.#link);
    this.#sessions.add(far);
    void far.closed.then(() => this.#sessions.delete(far));
    this.#accept(far);
    return near;
  }

  cut(how: "broken" | "silent"): void {
    this.#cut = how;
    if (how === "silent") return;
    for (const session of this.#sessions) session.cut(new Error(`${this.name} was cut`));
  }

  heal(): void {
    this.#cut = undefined;
  }
}
