import { z } from "zod";
import { count, json, jsonObject, pageOf, pageQuery, queryCount, timeMs } from "../field-schema.ts";

const version = {
  name: z.string(),
  version: count,
  sha256: z.string(),
  schemaVersion: count,
  author: z.string(),
  comment: z.string(),
  createdAt: timeMs,
};
const change = z.object({ path: z.string(), before: json.optional(), after: json.optional() });

export const ConfigParams = z.object({ name: z.string().min(1).max(63) });
export const VersionParams = ConfigParams.extend({ version: queryCount });
export const ConfigsQuery = z.strictObject(pageQuery);
export const Configs = pageOf(z.object(version));
export const Config = z.object({ ...version, document: jsonObject });
export const ConfigBody = z.strictObject({ document: jsonObject, comment: z.string().max(1_000).optional() });
export const Versions = pageOf(z.object({ ...version, changes: z.array(change).nullable() }));
export const DiffQuery = z.strictObject({ from: queryCount, to: queryCount });
export const Diff = z.object({ changes: z.array(change) });
export const RollbackBody = z.strictObject({ to: count });
