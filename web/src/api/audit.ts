import type { AuditRow, AuditVerdict, Page } from "#server/wire";
import { apiPath } from "./place.ts";
import { get } from "./request.ts";

/** Rows of the audit behind a number, the oldest first. */
export const readAudit = (after: number, signal: AbortSignal): Promise<Page<AuditRow>> =>
  get(`audit?limit=500&after=${after}`, signal);

/** Have the server read all of it. */
export const verifyAudit = (): Promise<AuditVerdict> => get("audit/verify");

/** Where the browser fetches the whole audit from, as JSON lines. */
export const auditExportPath = apiPath("audit/export");
