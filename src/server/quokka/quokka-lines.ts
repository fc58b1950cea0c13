import { Duplex, Readable } from "node:stream";
import { isJsonObject, type Json, type JsonObject } from "#core";
import {
  includesLevel,
  type Level,
  type Method,
  OutputWanted,
  RemoteError,
  type UnitDetails,
  unitsCancel,
  unitsList,
  type UnitsPage,
  unitsRelease,
  unitsResults,
  unitsStatus,
  type UnitsWanted,
  UnitWanted,
} from "#fleet";
import { isFinal, stateName, UnitState } from "#work/wire";
import { ServerError } from "../errors.ts";
import type { Asker, WorkerLines, WorkerRequest, WorkerStream } from "../line/worker-lines.ts";
import type { Store } from "../store/store.ts";
import type { UnitTable } from "../store/tables.ts";
import { knownUnits, listUnits } from "../store/units.ts";
import type { QuokkaUnits } from "./quokka-units.ts";
import type { QuokkaWorkers } from "./workers.ts";

export interface QuokkaLinesOptions {
  /** For all other workers. */
  readonly lines: WorkerLines;
  readonly workers: Pick<QuokkaWorkers, "get">;
  readonly units: QuokkaUnits;
  readonly store: Store;
}

/**
 * Lines on which workers of Quokka answer as ours do, as far as they have anything to answer: their units, and the output of
 * these. The server minds it for them, so it decides here what a worker decides otherwise.
 */
export class QuokkaLines implements WorkerLines {
  readonly #options: QuokkaLinesOptions;

  constructor(options: QuokkaLinesOptions) {
    this.#options = options;
  }

  async call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown> {
    const { lines, workers, units } = this.#options;
    if (!workers.get(workerId)) return await lines.call(workerId, request, asker, signal);
    switch (request.method) {
      case unitsList.name:
        return await this.#page(workerId, paramsOf(unitsList, request, asker));
      case unitsStatus.name:
        return detailsOf(await this.#row(workerId, paramsOf(unitsStatus, request, asker).unit));
      case unitsCancel.name: {
        const { unit } = paramsOf(unitsCancel, request, asker);
        await this.#row(workerId, unit);
        await units.cancel(workerId, unit);
        return { unit, pending: false };
      }
      case unitsRelease.name: {
        const { unit } = paramsOf(unitsRelease, request, asker);
        await this.#row(workerId, unit);
        await units.release(workerId, unit);
        return { unit, pending: false };
      }
      default:
        throw new ServerError("QUOKKA_UNABLE", `a worker of Quokka has no ${request.method.slice(0, 100)}`);
    }
  }

  async open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream> {
    const { lines, workers, units } = this.#options;
    if (!workers.get(workerId)) return await lines.open(workerId, request, asker, signal);
    if (request.method !== unitsResults.name)
      throw new ServerError("QUOKKA_UNABLE", `a worker of Quokka has no ${request.method.slice(0, 100)}`);
    requireLevel(asker, unitsResults.level);
    const wanted = OutputWanted.parse(request.params);
    const { state } = await this.#row(workerId, wanted.unit);
    const folder = units.folder(workerId, wanted.unit);
    const isOpen = (): boolean => wanted.follow !== false && units.isOpen(workerId, wanted.unit);
    const readable = Readable.from(folder.read(wanted.from, isOpen, signal), { objectMode: false });
    const stream = Duplex.from({ readable });
    signal.addEventListener("abort", () => stream.destroy(), { once: true });
    return { result: { state, stateName: stateName(state), size: folder.size }, stream };
  }

  async submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { lines, workers, units } = this.#options;
    const worker = workers.get(workerId);
    if (!worker) return await lines.submit(workerId, params, payload, asker, signal);
    requireLevel(asker, "operate");
    const { workType, params: asked = {}, unit } = UnitWanted.parse(params);
    if (unit !== undefined && (await this.#find(workerId, unit)))
      throw new RemoteError({ code: "UNIT_TAKEN", status: 409, message: `unit ${unit} is there already` });
    for await (const chunk of payload)
      if (chunk.length > 0) throw new ServerError("QUOKKA_PARAMS", "a worker of Quokka takes no payload");
    const named = unit === undefined ? {} : { unit };
    return { unit: await units.submit(worker, { workType, params: asked, ...named }, asker), state: "queued" };
  }

  cut(session: string, reason: string): void {
    this.#options.lines.cut(session, reason);
  }

  async #page(workerId: string, { state, workType, limit = 100, cursor }: UnitsWanted): Promise<UnitsPage> {
    const [createdAt, unit] = cursor?.split(".") ?? [];
    const behind = unit === undefined ? undefined : { created_at: Number(createdAt), worker_id: workerId, unit };
    const number = state === undefined ? undefined : states[state];
    const wish = { workers: [workerId], workType, state: number, behind, released: false, limit: limit + 1 };
    const rows = await listUnits(this.#options.store.db, wish);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const next = rows.length > limit && last ? { next: `${last.created_at}.${last.unit}` } : {};
    return { units: shown.map(summaryOf), ...next };
  }

  async #find(workerId: string, unit: string): Promise<UnitTable | undefined> {
    const [row] = await knownUnits(this.#options.store.db, workerId, [unit]);
    return row;
  }

  async #row(workerId: string, unit: string): Promise<UnitTable> {
    const row = await this.#find(workerId, unit);
    if (row && row.released_at === null) return row;
    throw new RemoteError({ code: "UNIT_NOT_FOUND", status: 404, message: `unknown work unit ${unit}` });
  }
}

const states = {
  pending: UnitState.Pending,
  running: UnitState.Running,
  succeeded: UnitState.Succeeded,
  failed: UnitState.Failed,
  canceled: UnitState.Canceled,
};

function paramsOf<P>(method: Method<P, unknown>, { params }: WorkerRequest, asker: Asker): P {
  requireLevel(asker, method.level);
  const parsed = method.params.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new RemoteError({ code: "PARAMS_INVALID", status: 400, message: `parameters of ${method.name}` });
}

function requireLevel({ level }: Asker, needed: Level): void {
  if (!includesLevel(level, needed))
    throw new RemoteError({ code: "LEVEL_TOO_LOW", status: 403, message: `this needs the level ${needed}` });
}

function summaryOf(row: UnitTable) {
  const { started_at: startedAt, ended_at: endedAt } = row;
  return {
    ...{ id: row.unit, state: row.state, stateName: stateName(row.state), detail: row.detail, workType: row.work_type },
    ...{ stdoutSize: row.size, createdAt: row.created_at },
    ...(startedAt !== null && { startedAt }),
    ...(endedAt !== null && { endedAt }),
    ...requesterOf(row),
  };
}

function detailsOf(row: UnitTable): UnitDetails {
  const { cause, sha256 } = row;
  return {
    ...summaryOf(row),
    ...(cause !== null && { cause }),
    ...(sha256 !== null && isFinal(row.state) && { sha256 }),
  };
}

function requesterOf({ requested_by: text }: UnitTable): Pick<UnitDetails, "requestedBy"> {
  const by = text === null ? undefined : (JSON.parse(text) as Json);
  if (!isJsonObject(by) || typeof by["user"] !== "string" || typeof by["level"] !== "string") return {};
  return { requestedBy: { user: by["user"], level: by["level"] } };
}
