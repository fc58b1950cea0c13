import { stateName } from "#work/wire";
import type { UnitTable } from "../store/tables.ts";

/** What a channel of a unit says of its state. @param at how much of the output was looked at for progress lines, bytes. */
export function stateMessage(row: UnitTable, at: number) {
  return { command: "STATE", state: stateName(row.state), detail: row.detail, at };
}

/** Its last message: how the unit ended. `output: "gone"` where the rest of its output cannot be had any more. */
export function finishedMessage(row: UnitTable, at: number) {
  const { exit_code: exitCode, signal, cause, size } = row;
  return {
    ...{ command: "FINISHED", state: stateName(row.state), detail: row.detail },
    ...(exitCode !== null && { exitCode }),
    ...(signal !== null && { signal }),
    ...(cause !== null && { cause }),
    ...{ size, at },
    ...(at < size && { output: "gone" }),
  };
}

/** The last message where the worker was removed: how the unit stood, as far as was heard; what becomes of it nobody here will hear. */
export function removedMessage(row: UnitTable | undefined, at: number) {
  const state = row === undefined ? {} : { state: stateName(row.state) };
  const detail = "its worker was removed: what becomes of the unit is not known here";
  return { command: "FINISHED", ...state, detail, cause: "WORKER_REMOVED", at, output: "gone" };
}

/** How much of the output the channel has told of, by its last message. */
export function positionIn(text: string | undefined): number {
  const said = text === undefined ? {} : (JSON.parse(text) as { readonly at?: unknown });
  return typeof said.at === "number" && Number.isSafeInteger(said.at) && said.at >= 0 ? said.at : 0;
}
