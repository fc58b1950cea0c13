import { errorText, type Log } from "#core";
import { type SwitchesWanted, switchName, type SwitchName, type SwitchStates } from "#fleet";
import { WorkerError } from "../errors.ts";
import { readKept, writeKept } from "./kept-file.ts";

/** The names of the three switches. */
export const switchNames: readonly SwitchName[] = switchName.options;

const allOn: SwitchStates = { watchers: true, monitors: true, workers: true };

export interface SwitchesOptions {
  /** Where they are remembered over a restart; absent: all are on at each start. */
  readonly file?: string | undefined;
  readonly log: Log;
}

/** What a worker does of itself: scan folders, ask for work, take work (CAT-17). Whoever does one of these asks here. */
export class Switches {
  readonly #options: SwitchesOptions;
  readonly #listeners = new Set<(states: SwitchStates) => void>();
  #isDraining = false;
  #states: SwitchStates;

  constructor(options: SwitchesOptions) {
    this.#options = options;
    this.#states = remembered(options);
  }

  get states(): SwitchStates {
    return this.#states;
  }

  /** Those that are named are switched; it counts even when it cannot be remembered, and then the log says so. */
  set(wanted: SwitchesWanted): SwitchStates {
    const given = switchNames.filter((name) => wanted[name] !== undefined);
    this.#states = { ...this.#states, ...Object.fromEntries(given.map((name) => [name, wanted[name]])) };
    this.#remember();
    for (const listener of this.#listeners) listener(this.#states);
    return this.#states;
  }

  /** Whether work is taken now. */
  get mayTake(): boolean {
    return this.#states.workers && !this.#isDraining;
  }

  /** Whether watched folders may be looked at now, and their files be made into work. */
  get mayWatch(): boolean {
    return this.#states.watchers && !this.#isDraining;
  }

  /** The worker is about to stop: whatever the switches say, it takes no work. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Asked before work is taken. @throws {WorkerError} WORK_SWITCHED_OFF, WORKER_DRAINING. */
  requireWork(): void {
    if (this.#isDraining)
      throw new WorkerError(
        "WORKER_DRAINING",
        "this worker takes no work any more: it finishes what it has, then stops",
      );
    if (this.#states.workers) return;
    const remedy = "somebody of level operate can switch it on: `farhand worker switches workers=on`";
    throw new WorkerError(
      "WORK_SWITCHED_OFF",
      `this worker takes no work now, its switch "workers" is off (CAT-17); ${remedy}`,
    );
  }

  /** Hear of every change. @returns what ends that. */
  onChange(listener: (states: SwitchStates) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #remember(): void {
    const { file, log } = this.#options;
    if (file === undefined) return;
    try {
      writeKept(file, `${JSON.stringify(this.#states)}\n`);
    } catch (error) {
      log.warn("the switches cannot be remembered over a restart", { file, error: errorText(error) });
    }
  }
}

function remembered({ file, log }: SwitchesOptions): SwitchStates {
  if (file === undefined) return allOn;
  try {
    const text = readKept(file);
    return text === undefined ? allOn : statesIn(JSON.parse(text));
  } catch (error) {
    log.warn("the switches are not remembered, so all are on", { file, error: errorText(error) });
    return allOn;
  }
}

/** Only what is a clear "off" is one. */
function statesIn(value: unknown): SwitchStates {
  const isOff = (name: SwitchName): boolean =>
    typeof value === "object" && value !== null && Reflect.get(value, name) === false;
  return { watchers: !isOff("watchers"), monitors: !isOff("monitors"), workers: !isOff("workers") };
}
