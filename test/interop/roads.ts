import { afterAll, beforeAll, describe } from "vitest";
import { freshBuild } from "../kit/daemon.ts";
import type { Output, StartedProcess } from "../kit/processes.ts";
import { describeWithReceptorctl, type ReceptorctlTarget, startReceptorctl } from "../kit/receptorctl.ts";
import {
  type ListedUnit,
  type Place,
  roads,
  type Road,
  startWorker,
  unitIdIn,
  unitsIn,
  type Worker,
} from "./worker.ts";

/** The real client on one road to a worker. */
export interface Client {
  readonly road: Road;
  target(): ReceptorctlTarget;
  place(): Place;
  /** Run a command to its end. */
  ctl(...args: string[]): Promise<Output>;
  /** Start one, to watch it. */
  start(...args: string[]): Promise<StartedProcess>;
  /** `work submit …`. Gives the unit's id. */
  submit(...args: string[]): Promise<string>;
  /** What `work list` tells of a unit. */
  unit(id: string): Promise<ListedUnit | undefined>;
}

/** Run the tests once for each road, all on one worker with these work types. */
export function onEveryRoad(name: string, workTypes: string, tests: (client: Client) => void): void {
  describeWithReceptorctl(name, () => {
    let worker: Worker;
    beforeAll(async () => {
      await freshBuild();
      worker = await startWorker(workTypes);
    });
    afterAll(() => worker[Symbol.asyncDispose]());
    describe.each(roads)("over %s", (road) => {
      tests(clientOn(road, () => worker));
    });
  });
}

function clientOn(road: Road, worker: () => Worker): Client {
  const ctl = (...args: string[]) => worker().ctl(road, ...args);
  return {
    road,
    target: () => worker().target(road),
    place: () => worker().place,
    ctl,
    start: (...args) => startReceptorctl(worker().target(road), ...args),
    submit: async (...args) => unitIdIn(await ctl("work", "submit", ...args)),
    unit: async (id) => unitsIn(await ctl("work", "list", "--unit_id", id))[id],
  };
}
