import { Readable } from "node:stream";
import { ServerError } from "../../errors.ts";
import type { AuditRow } from "../../store/audit.ts";
import { type AuditPart, searchAudit } from "../../store/audit-search.ts";
import { Answer } from "../answer.ts";
import { auditChoice } from "../audit-choice.ts";
import { numberOfCursor, pageFrom } from "../cursor.ts";
import { guarded } from "../guarded-stream.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { type AuditPlace, AuditQuery, AuditRows, Verdict } from "./audit-schema.ts";

const admin = { kind: "area", area: "audit", level: "admin" } as const;

/** What happened, who did it, and whether the record of it is whole. */
export function auditRoutes({ audit, store, limits }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      summary: "Rows of the audit, the oldest or the newest first: all, or those that are looked for",
      needs: admin,
      schema: { query: AuditQuery, answer: AuditRows },
      handle: async ({ query: { limit, cursor, order, after, before, ...wish } }) => {
        const part = { order, behind: behind({ order, cursor, after, before }), limit: limit + 1 };
        const rows = await searchAudit(store, await auditChoice(store, wish), part);
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

/** Where a list goes on. @throws {ServerError} REQUEST_INVALID: a place that belongs to the other order. */
function behind({ order, cursor, after, before }: AuditPlace): AuditPart["behind"] {
  const [own, other] = order === "oldest" ? [after, before] : [before, after];
  if (other !== undefined) {
    const [field, fit] = order === "oldest" ? ["before", "newest"] : ["after", "oldest"];
    throw new ServerError(
      "REQUEST_INVALID",
      `${field}: it is for lists with order=${fit}; this one has order=${order}`,
    );
  }
  return cursor === undefined ? own : numberOfCursor(cursor);
}

function withDetail({ detail, ...row }: AuditRow) {
  try {
    return { ...row, detail: JSON.parse(detail) as unknown };
  } catch {
    return { ...row, detail };
  }
}
