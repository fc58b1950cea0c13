import { z } from "zod";
import { maxEntitlementChars } from "#fleet";
import { pageOf, pageQuery, timeMs } from "../field-schema.ts";

const id = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "is no id of an entitlement");

/** An entitlement without its signature, and what is held of it now. */
const entitlement = z.object({
  id: z.string().describe("empty: what was given is no entitlement"),
  holder: z.string(),
  state: z.enum(["in force", "early", "over", "refused"]),
  fault: z.string().optional().describe("why it is refused"),
  endsSoon: z.boolean().describe("in less than fourteen days"),
  source: z.enum(["file", "entered", "worker"]),
  worker: z.string().optional().describe("id of the worker that came with it, and for which alone it counts"),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
  notBefore: timeMs.optional(),
  notAfter: timeMs.optional(),
  enteredBy: z.string(),
  enteredAt: timeMs,
});
export const Entitlement = entitlement;
export const Entitlements = pageOf(entitlement).extend({
  serverId: z.string().describe("whom an entitlement for this server is addressed to"),
  faults: z.array(z.string()).describe("what is wrong with the files of keys and of the entitlement"),
});
export const EntitlementsQuery = z.strictObject(pageQuery);
export const EntitlementText = z.strictObject({
  text: z.string().min(1).max(maxEntitlementChars).describe("from `fhe1.` to its end"),
});
export const EntitlementParams = z.object({ id });
