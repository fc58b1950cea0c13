import { setTimeout as sleep } from "node:timers/promises";
import { launchersOf } from "../faults/killer.ts";
import type { FaultKind, PlannedFault, Victims } from "./fault-plan.ts";
import type { Site } from "./site.ts";
import type { WorkerPlace } from "./worker-place.ts";

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

type Strike = (site: Site, fault: PlannedFault) => Promise<unknown>;

/** What is done for each kind; it resolves when that is over. */
export const strikes: Readonly<Record<FaultKind, Strike>> = {
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
