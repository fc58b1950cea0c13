import { z } from "zod";
import { ToolError } from "./errors.ts";

/** The schema of a tool's params: strict, every field described and with a limit. */
export type ParamsSchema<Params> = z.ZodType<Params>;

/** Longer params are refused unread. */
export const maxParamsChars = 32_768;

/**
 * Params as they came, read by the schema of their tool.
 *
 * @param text one JSON object; an empty text is an empty one.
 * @throws {ToolError} `TOOL_PARAMS_INVALID`, which names the first fields that do not fit.
 */
export function readParams<Params>(schema: ParamsSchema<Params>, tool: string, text: string): Params {
  if (text.length > maxParamsChars) throw invalid(tool, `are longer than ${maxParamsChars} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text === "" ? "{}" : text);
  } catch {
    throw invalid(tool, "are no JSON object");
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const faults = read.error.issues.slice(0, 3).map(({ path, message }) => `${path.join(".") || "params"}: ${message}`);
  throw invalid(tool, faults.join("; "));
}

function invalid(tool: string, what: string): ToolError {
  return new ToolError("TOOL_PARAMS_INVALID", `params of ${tool}: ${what}`);
}

/** A host as somebody may write it: an address, a network in CIDR, a name. Whether it may be looked at is not asked here. */
export const hostText = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9._:][A-Za-z0-9._:/-]*$/, "must be an address, a network such as 10.0.0.0/28, or a host name");

/** A port of TCP or UDP. */
export const portNumber = z.number().int().min(1).max(65_535);
