import type { AuditRow, AuditVerdict, Page } from "#server/wire";
import { apiPath } from "./place.ts";
import { get } from "./request.ts";

/** Rows of the audit that fit, the newest first. @param cursor `next` of the part before. */
export function readAudit(wish: URLSearchParams, cursor: string, signal: AbortSignal): Promise<Page<AuditRow>> {
  const query = new URLSearchParams(wish);
  query.set("order", "newest");
  query.set("limit", "200");
  if (cursor !== "") query.set("cursor", cursor);
  return get(`audit?${query}`, signal);
}

/** Have the server read all of it. */
export const verifyAudit = (): Promise<AuditVerdict> => get("audit/verify");

/** Where the browser fetches the whole audit from, as JSON lines. */
export const auditExportPath = apiPath("audit/export");
