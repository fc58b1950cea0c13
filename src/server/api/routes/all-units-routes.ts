import { callerLevel } from "../../auth/callers.ts";
import { ServerError } from "../../errors.ts";
import { parseLabels } from "../../registry/labels.ts";
import { type ListedUnit, listUnits, type UnitsWish } from "../../store/units.ts";
import { unitView } from "../../units/unit-view.ts";
import type { Call } from "../call.ts";
import { keyOfCursor, pageFrom } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { VisibleWorkers } from "../visible-workers.ts";
import { AllUnitsQuery, IndexedUnits, unitStates } from "./all-units-schema.ts";

/** The units of all workers, from the server's own index: also of workers that are away (decision 17). */
export function allUnitsRoutes(services: RouteServices): Route[] {
  const { store, registry, clock } = services;
  return [
    route({
      method: "GET",
      path: "/api/units",
      summary: "Units of all workers that you may see, the newest first, as the server knows them",
      needs: { kind: "caller" },
      schema: { query: AllUnitsQuery, answer: IndexedUnits },
      handle: async ({ caller, query }) => {
        const { worker, unit, workType, state, user, released, after: since, limit, cursor } = query;
        const visible = await new VisibleWorkers(registry, caller, clock).ids();
        const workers = worker === undefined ? visible : await named(services, worker, visible);
        const wish: UnitsWish = {
          ...{ workers, unit, workType, user, released, since, limit: limit + 1, behind: placeOf(cursor) },
          state: state === undefined ? undefined : unitStates.indexOf(state),
        };
        const page = pageFrom(await listUnits(store.db, wish), limit, keyOf);
        return { ...page, items: page.items.map((row) => seen(services, caller, row)) };
      },
    }),
  ];
}

/** The worker of this name or id, when the caller may see it: of another one nobody learns whether it is there. */
async function named(
  { registry }: RouteServices,
  word: string,
  visible: readonly string[] | undefined,
): Promise<string[]> {
  const worker = await registry.find(word).catch((error: unknown) => {
    if (error instanceof ServerError && error.code === "WORKER_NOT_FOUND") return undefined;
    throw error;
  });
  return worker && (visible === undefined || visible.includes(worker.id)) ? [worker.id] : [];
}

function seen({ presence, units, clock }: RouteServices, caller: Call["caller"], row: ListedUnit) {
  const { worker_id: id, worker_name: name, worker_seen_at: seenAt, labels } = row;
  const worker = { id, name, seenAt, isConnected: presence.isLive(id), isInStep: units.isInStep(id) };
  return unitView(row, worker, callerLevel(caller, "workers", parseLabels(labels)), clock.now());
}

const keyOf = (row: ListedUnit): string => JSON.stringify([row.created_at, row.worker_id, row.unit]);

/** @throws {ServerError} REQUEST_INVALID. */
function placeOf(cursor: string | undefined): UnitsWish["behind"] {
  const key = keyOfCursor(cursor);
  if (key === undefined) return undefined;
  try {
    const [createdAt, workerId, unit] = JSON.parse(key) as unknown[];
    if (Number.isSafeInteger(createdAt) && typeof workerId === "string" && typeof unit === "string")
      return { created_at: createdAt as number, worker_id: workerId, unit };
  } catch {
    // It is said below.
  }
  throw new ServerError("REQUEST_INVALID", "cursor: it is none of ours");
}
