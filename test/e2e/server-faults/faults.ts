import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultKind, PlannedFault } from "./fault-plan.ts";
import type { Site } from "./site.ts";
import { strikes } from "./strikes.ts";

/** What was done, and when; for a person who has to find out why something went wrong. */
export interface Faults {
  readonly log: readonly string[];
  readonly counts: Readonly<Partial<Record<FaultKind, number>>>;
  /** Do one thing of the plan, when its victim is well again; healing goes on behind. */
  strike(fault: PlannedFault): Promise<void>;
  /** All is well again, clocks too. @throws the reason of `until` with what is not. */
  healed(until: AbortSignal): Promise<void>;
}

/** `FAULT_LOG=FILE`: what is done is written there at once, for whoever watches a long run. */
const live = process.env["FAULT_LOG"];

/** Carries faults out on a site. */
export function faultsOn(site: Site): Faults {
  const begunAt = performance.now();
  const log: string[] = [];
  const counts: Partial<Record<FaultKind, number>> = {};
  /** What goes on with one victim in one way. Two ways at once are welcome: killed while it is frozen. */
  const busy = new Map<string, Promise<void>>();
  const ill = new Set<string>();
  const note = (text: string): void => {
    const line = `${((performance.now() - begunAt) / 1_000).toFixed(2)} s ${text}`;
    log.push(line);
    if (live) appendFileSync(live, `${line}\n`);
  };
  return {
    log,
    counts,
    strike: async (fault) => {
      const { kind, victim, pauseMs, lastsMs, aheadMs } = fault;
      await sleep(pauseMs);
      const key = `${kind}: ${victim}`;
      await busy.get(key);
      note(`${key}${lastsMs > 0 ? ` for ${lastsMs} ms` : ""}${aheadMs === 0 ? "" : ` by ${aheadMs / 1_000} s`}`);
      counts[kind] = (counts[kind] ?? 0) + 1;
      ill.add(key);
      const over = strikes[kind](site, fault).then(
        () => {
          ill.delete(key);
          note(`${key}: over`);
        },
        (error: unknown) => {
          note(`${key}: ${String(error)}`);
          throw error;
        },
      );
      // Told when it is waited for.
      over.catch(() => {});
      busy.set(key, over);
    },
    healed: async (until) => {
      await Promise.race([Promise.all(busy.values()), ended(until, () => [...ill].join(", "))]);
      for (const { clock } of [site.server, ...site.workers]) clock.turn(0);
      note("all is well again");
    },
  };
}

function ended(until: AbortSignal, what: () => string): Promise<never> {
  return new Promise((_resolve, reject) => {
    until.addEventListener("abort", () => reject(new Error(`still not well: ${what()}`, { cause: until.reason })));
  });
}
