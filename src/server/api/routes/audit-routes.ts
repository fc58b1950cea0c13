import { Readable } from "node:stream";
import { auditRows, type AuditRow } from "../../store/audit.ts";
import { Answer } from "../answer.ts";
import { numberOfCursor, pageFrom } from "../cursor.ts";
import { guarded } from "../guarded-stream.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { AuditQuery, AuditRows, Verdict } from "./audit-schema.ts";

const admin = { kind: "area", area: "audit", level: "admin" } as const;

/** What happened, who did it, and whether the record of it is whole. */
export function auditRoutes({ audit, store, limits }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      summary: "Rows of the audit, the oldest first",
      needs: admin,
      schema: { query: AuditQuery, answer: AuditRows },
      handle: async ({ query: { limit, cursor, after } }) => {
        const rows = await auditRows(store, cursor === undefined ? (after ?? 0) : numberOfCursor(cursor), limit + 1);
        return pageFrom(rows.map(withDetail), limit, ({ sequence }) => String(sequence));
      },
    }),
    route({
      method: "GET",
      path: "/api/audit/verify",
      summary: "Read the whole audit, and name the first row that is wrong",
      needs: admin,
      schema: { answer: Verdict },
      handle: async (call) => await audit.verify(call.signal),
    }),
    route({
      method: "GET",
      path: "/api/audit/export",
      summary: "The whole audit as JSON lines",
      needs: admin,
      schema: {},
      handle: async (call) => {
        const lines = Readable.from(audit.export(call.signal), { objectMode: false });
        const body = guarded(lines, { limits, signal: call.signal, used: () => call.used() });
        const headers = { "content-type": "application/x-ndjson", "content-disposition": "attachment" };
        return new Answer(200, body, headers);
      },
    }),
  ];
}

function withDetail({ detail, ...row }: AuditRow) {
  try {
    return { ...row, detail: JSON.parse(detail) as unknown };
  } catch {
    return { ...row, detail };
  }
}
