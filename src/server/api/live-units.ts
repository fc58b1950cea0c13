import { type Caller, callerLevel } from "../auth/callers.ts";
import type { UnitChange } from "../units/unit-feed.ts";
import { unitView } from "../units/unit-view.ts";
import type { LiveSocket } from "./live-socket.ts";
import type { RouteServices } from "./services.ts";

const toldAtOnce = 200;

/**
 * The topic `units`: changes of units as they come, of workers that the caller may see. It begins with `{kind: "units",
 * reset, position}`: with `reset` something may have been missed, and `GET /api/units` is to be asked for the rest. A reader
 * who is slower than the changes gets the same again in between, and nothing is kept for anybody.
 */
export async function tellUnits(
  services: Pick<RouteServices, "units" | "presence" | "clock">,
  socket: Pick<LiveSocket, "send">,
  caller: Caller,
  after: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { feed } = services.units;
  const known = after === undefined ? undefined : feed.numberOf(after);
  let number = known ?? feed.last;
  const begin = async (reset: boolean): Promise<void> =>
    await socket.send(JSON.stringify({ kind: "units", reset, unitsPosition: feed.positionOf(number) }));
  await begin(known === undefined);
  while (!signal.aborted) {
    const changes = feed.after(number, toldAtOnce);
    if (changes === undefined) {
      number = feed.last;
      await begin(true);
      continue;
    }
    for (const change of changes) await tellUnit(services, socket, caller, change, feed.positionOf(++number));
    if (changes.length === 0) await feed.more(number, signal);
  }
}

async function tellUnit(
  { presence, units, clock }: Pick<RouteServices, "units" | "presence" | "clock">,
  socket: Pick<LiveSocket, "send">,
  caller: Caller,
  { unit, worker }: UnitChange,
  unitsPosition: string,
): Promise<void> {
  const level = callerLevel(caller, "workers", worker.labels);
  if (level === "none") return;
  const { id, name } = worker;
  const of = { id, name, seenAt: unit.seen_at, isConnected: presence.isLive(id), isInStep: units.isInStep(id) };
  const view = unitView(unit, of, level, clock.now());
  await socket.send(JSON.stringify({ kind: "unit", unitsPosition, unit: view }));
}
