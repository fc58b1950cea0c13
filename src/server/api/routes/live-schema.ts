import { z } from "zod";

/** What a client of the live changes says first. */
export const LiveStart = z.strictObject({ after: z.string().max(64).optional() });
