import { decodeStatus } from "../unit/status-file.ts";
import { UnitState, type UnitStatus } from "../wire.ts";

const maxDetail = 4_096;
const maxSignal = 32;

/** What a mirror takes over from the status of its twin. */
export type ToldStatus = Pick<UnitStatus, "State" | "Detail" | "StdoutSize"> & Partial<UnitStatus>;

const taken = [
  "State",
  "Detail",
  "StdoutSize",
  "ExitCode",
  "Signal",
  "CoreDumped",
  "Cause",
  "StartedAt",
  "FinishedAt",
  "StdoutSha256",
  "RunSeconds",
  "Reaped",
  "LeftRunning",
  "Stopping",
  "Queued",
] as const satisfies readonly (keyof UnitStatus)[];

/**
 * A status that another node told, checked. Pure.
 *
 * @throws {SyntaxError | TypeError} when it is none.
 */
export function decodeTold(text: string): ToldStatus {
  const status = decodeStatus(text);
  const told = Object.fromEntries(taken.filter((key) => key in status).map((key) => [key, status[key]]));
  const { Signal } = status;
  return {
    ...(told as unknown as ToldStatus),
    Detail: status.Detail.slice(0, maxDetail),
    ...(Signal !== undefined && { Signal: Signal.slice(0, maxSignal) }),
  };
}

/** Receptor tells an ending in words alone; what they say for certain is said in fields too. */
export function withCause(told: ToldStatus): ToldStatus {
  if (told.Cause !== undefined) return told;
  if (told.State === UnitState.Canceled) return { ...told, Cause: "CANCELED" };
  const exit = /^exit status (\d{1,3})$/.exec(told.Detail)?.[1];
  return { ...told, ...(exit !== undefined && { ExitCode: Number(exit) }), Cause: "REMOTE_REPORTED" };
}
