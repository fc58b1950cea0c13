import { z } from "zod";
import { WorkerParams } from "./workers-schema.ts";

const cells = z.coerce.number().int().min(1).max(1_000);
export const ShellQuery = z.strictObject({ rows: cells.default(24), columns: cells.default(80) });
export const TcpParams = WorkerParams.extend({ service: z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/) });
/** Text frames among the bytes. */
export const TunnelWord = z.union([
  z.strictObject({ resize: z.strictObject({ rows: cells, columns: cells }) }),
  z.strictObject({ end: z.literal(true).describe("nothing more comes from here") }),
]);
/** What a worker says of a shell that it has opened. */
export const ShellHead = z.object({ shell: z.string().min(1).max(64) });
/** What a worker says of its unit, when it is over. */
export const ShellEnd = z.object({
  exitCode: z.number().int().min(0).max(255).optional(),
  signal: z.string().max(32).optional(),
});
