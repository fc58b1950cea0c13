import { createHash } from "node:crypto";
import type { AuditHead, AuditRow } from "../store/audit.ts";

/** One thing that happened, before it has its place in the chain. `detail` is canonical JSON. */
export type AuditEntry = Pick<AuditRow, "at" | "actor" | "action" | "subject" | "detail">;

/** The hash of a row: SHA-256 of its canonical JSON, hash excepted; hex. */
export function auditHash(row: Omit<AuditRow, "hash">): string {
  const text = (value: string): string => JSON.stringify(value);
  // In the order of the names, and the detail as it was written: canonical without being parsed again.
  const json =
    `{"action":${text(row.action)},"actor":${text(row.actor)},"at":${row.at},"detail":${row.detail},` +
    `"previous":${text(row.previous)},"sequence":${row.sequence},"subject":${text(row.subject)}}`;
  return createHash("sha256").update(json).digest("hex");
}

/** The rows that follow `head`. */
export function chainOnto(head: AuditHead, entries: readonly AuditEntry[]): AuditRow[] {
  let { sequence, hash } = head;
  return entries.map((entry) => {
    const row = { ...entry, sequence: ++sequence, previous: hash };
    hash = auditHash(row);
    return { ...row, hash };
  });
}

/** What is wrong with the audit, at the first row where something is. */
export interface AuditFault {
  readonly sequence: number;
  readonly fault: "missing" | "altered" | "unchained" | "added";
  readonly meaning: string;
}

/** What is wrong with `row` when it should follow `before`; undefined: nothing. */
export function rowFault(before: AuditHead, row: AuditRow): AuditFault | undefined {
  const expected = before.sequence + 1;
  if (row.sequence !== expected) return missing(expected, row.sequence - 1);
  if (row.hash !== auditHash(row)) return fault(expected, "altered", "was changed after it was written");
  if (row.previous !== before.hash) return fault(expected, "unchained", "does not continue the row before it");
  return undefined;
}

/** What is wrong when the rows end at `last` and the head says `head`; undefined: nothing. */
export function endFault(last: AuditHead, head: AuditHead): AuditFault | undefined {
  if (last.sequence < head.sequence) return missing(last.sequence + 1, head.sequence);
  if (last.sequence > head.sequence) return fault(head.sequence + 1, "added", "was not added by a server");
  if (last.hash !== head.hash) return fault(head.sequence, "altered", "is not the row that was written last");
  return undefined;
}

function missing(from: number, to: number): AuditFault {
  const meaning = from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`;
  return { sequence: from, fault: "missing", meaning };
}

function fault(sequence: number, kind: AuditFault["fault"], what: string): AuditFault {
  return { sequence, fault: kind, meaning: `row ${sequence} ${what}` };
}
