import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { launchersOf } from "../faults/killer.ts";
import type { FaultKind, PlannedFault, Victims } from "./fault-plan.ts";
import type { Site } from "./site.ts";
import type { WorkerPlace } from "./worker-place.ts";

/** What was done, and when; for a person who has to find out why something went wrong. */
export interface Faults {
  readonly log: readonly string[];
  readonly counts: Readonly<Partial<Record<FaultKind, number>>>;
  /** Do one thing of the plan, when its victim is well again; healing goes on behind. */
  strike(fault: PlannedFault): Promise<void>;
  /** All is well again, clocks too. @throws the reason of `until` with what is not. */
  healed(until: AbortSignal): Promise<void>;
}

/** Who can be hit on this site. */
export function victimsOf({ workers, cables, disks, server }: Site): Victims {
  const names = workers.map(({ name }) => name);
  const hasDatabase = server.database.pids().length > 0;
  return {
    "kill worker": names,
    "kill helpers": names,
    "kill server": ["server"],
    "restart database": ["database"],
    "cut link": Object.keys(cables),
    "restart broker": ["broker"],
    freeze: ["server", ...names, ...names.map((name) => `helpers of ${name}`), ...(hasDatabase ? ["database"] : [])],
    "turn clock": ["server", ...names],
    "fill disk": Object.keys(disks),
  };
}

/** `FAULT_LOG=FILE`: what is done is written there at once, for whoever watches a long run. */
const live = process.env["FAULT_LOG"];

type Strike = (site: Site, fault: PlannedFault) => Promise<unknown>;

/** Each ends when what it did is over. */
const strikes: Readonly<Record<FaultKind, Strike>> = {
  "kill worker": (site, { victim, lastsMs }) => workerOf(site, victim).program.killFor(lastsMs),
  "kill helpers": async (site, { victim, pauseMs }) => {
    const helpers = workerOf(site, victim).helpers();
    // Now and then only what starts their commands.
    signal(pauseMs % 3 === 0 ? helpers.flatMap(launchersOf) : helpers, "SIGKILL");
  },
  "kill server": ({ server }, { lastsMs }) => server.program.killFor(lastsMs),
  "restart database": ({ server }, { lastsMs }) => server.database.restart(lastsMs),
  "cut link": async ({ cables }, { victim, lastsMs }) => {
    const cable = cables[victim];
    cable?.cut(lastsMs > 0);
    await sleep(lastsMs);
    cable?.mend();
  },
  "restart broker": async ({ broker }, { lastsMs }) => {
    await broker.stop();
    await sleep(lastsMs);
    await broker.start();
  },
  freeze: async (site, { victim, lastsMs }) => {
    const pids = pidsOf(site, victim);
    signal(pids, "SIGSTOP");
    await sleep(lastsMs);
    signal(pids, "SIGCONT");
  },
  "turn clock": async (site, { victim, aheadMs }) => {
    (victim === "server" ? site.server : workerOf(site, victim)).clock.turn(aheadMs);
  },
  "fill disk": async ({ disks }, { victim, lastsMs }) => {
    disks[victim]?.fill();
    await sleep(lastsMs);
    disks[victim]?.makeRoom();
  },
};

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

function workerOf({ workers }: Site, wanted: string): WorkerPlace {
  const found = workers.find(({ name }) => name === wanted);
  if (!found) throw new Error(`there is no worker ${wanted}`);
  return found;
}

function pidsOf(site: Site, victim: string): number[] {
  if (victim === "database") return site.server.database.pids();
  if (victim.startsWith("helpers of ")) return workerOf(site, victim.slice("helpers of ".length)).helpers();
  const { pid } = (victim === "server" ? site.server : workerOf(site, victim)).program;
  return pid === undefined ? [] : [pid];
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It had gone by itself.
    }
  }
}
