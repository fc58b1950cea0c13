import type { ConfigFault } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { Position } from "../settings/directive.ts";

/** At most so many of them help. */
const most = 10;

/** Faults in one line, each by its key. */
export function faultsText(faults: readonly ConfigFault[]): string {
  const more = faults.length > most ? [`and ${faults.length - most} more`] : [];
  return [...faults.slice(0, most).map(({ path, reason }) => `${path}: ${reason}`), ...more].join("; ");
}

/** The refusal of a document that has faults. */
export function refused(faults: readonly ConfigFault[]): WorkerError {
  return new WorkerError("CONFIG_REFUSED", faultsText(faults));
}

/** The same faults with the places of a text where they stand. */
export function placed(
  faults: readonly ConfigFault[],
  placeOf: (pointer: string) => Position | undefined,
): ConfigFault[] {
  return faults.map(({ path, reason }) => {
    const place = placeOf(path);
    return { path, reason: place ? `line ${place.line}, column ${place.column}: ${reason}` : reason };
  });
}
