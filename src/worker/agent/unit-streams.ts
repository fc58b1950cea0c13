import { sayWords, unitsResults, unitsSubmit, type UnitTaken } from "#fleet";
import { type NewUnit, type Units, WorkError } from "#work";
import { WorkerError } from "../errors.ts";
import { requestedBy } from "./requested-by.ts";
import { sayFault, type ServedStream, serveStream } from "./stream-methods.ts";
import { writeChunk } from "./write-chunk.ts";

/** Units over streams: taken in with their payload, and read as they are written. */
export function unitStreams(units: Units, mayTake: () => boolean): ServedStream[] {
  return [
    serveStream(unitsSubmit, async ({ workType, params = {}, unit: wantedId }, { stream, answer }, { caller }) => {
      if (!mayTake()) throw new WorkerError("WORK_SWITCHED_OFF", "this worker takes no work now: its switch is off");
      const unit = allocated(units, { workType, params, requestedBy: requestedBy(caller) }, wantedId);
      answer({ unit: unit.id });
      try {
        // A payload that breaks off ends the unit as INPUT_FAILED.
        await units.receive(unit, stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>);
        const isStarted = await units.start(unit);
        const taken: UnitTaken = { unit: unit.id, state: isStarted ? "started" : "queued" };
        sayWords(stream, { result: taken });
        stream.end();
      } catch (error) {
        sayFault(stream, error);
      }
    }),
    serveStream(unitsResults, async ({ unit: id, from, follow = true }, { stream, answer }, { signal }) => {
      const unit = units.get(id);
      const { State, StateName, StdoutSize } = unit.report();
      answer({ state: State, stateName: StateName, size: StdoutSize });
      const reading = new AbortController();
      stream.once("close", () => reading.abort(new Error("the reader is gone")));
      const until = follow || unit.isFinal ? Number.POSITIVE_INFINITY : StdoutSize;
      let at = from;
      for await (const chunk of units.results(unit, from, AbortSignal.any([signal, reading.signal]))) {
        await writeChunk(stream, at + chunk.length > until ? chunk.subarray(0, until - at) : chunk);
        at += chunk.length;
        if (at >= until) break;
      }
      stream.end();
    }),
  ];
}

/** An id is the caller's own choice: one that is there is this very unit, asked for again; and never is it another one. */
function allocated(units: Units, wish: Omit<NewUnit, "wantedId">, id: string | undefined) {
  if (id === undefined) return units.allocate(wish);
  try {
    return units.allocateAs(id, wish);
  } catch (error) {
    if (!(error instanceof WorkError && error.code === "UNIT_ID_TAKEN")) throw error;
    throw new WorkerError("UNIT_TAKEN", `unit ${id} is there already: it was asked for before`, { cause: error });
  }
}
