import { type Clock, type JsonObject, silentLog } from "#core";
import type { FileConfigurationOptions } from "../../src/worker/configuration/file-configuration.ts";
import type { TempFolder } from "./temp-folder.ts";

/** A wall clock that stands until it is turned; whoever sleeps on it wakes when it has come so far. */
export class HandClock implements Clock {
  #now: number;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ until: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  }

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter((each) => !due.includes(each));
    for (const { wake } of due) wake();
  }
}

/** What a configuration in a file needs, in a folder of the test, without checks of the machine. */
export function configurationIn(folder: TempFolder): FileConfigurationOptions {
  return {
    file: folder.file("worker.yaml"),
    fileMode: 0o600,
    folder: folder.file("configuration"),
    machine: { hostName: "here", mode: "session", dataDir: folder.file("units") },
    environment: { overrides: [], faults: [], mode: undefined, configName: undefined, stateDir: undefined },
    follow: (reference) => {
      throw new Error(`nothing at ${reference}`);
    },
    checks: { faults: () => [], warnings: async () => [] },
    apply: async () => {},
    log: silentLog,
  };
}

/** A secret as it is given for the first time. */
export const given = (value: string): JsonObject => ({ $secret: { value } });
/** A secret as it is read. */
export const isSet: JsonObject = { $secret: "set" };
