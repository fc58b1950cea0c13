/**
 * What an entitlement says (spec CAT-98): who may have which features of a server, until when.
 */
import { z } from "zod";

const timeMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).describe("milliseconds since 1970");
const fingerprint = z.string().regex(/^([0-9a-f]{4}-){7}[0-9a-f]{4}$/, "is no fingerprint, eight groups of four");

/** The document that is signed, byte for byte. Features that nobody knows give nothing; a limit that nobody knows is refused. */
export const EntitlementDocument = z
  .strictObject({
    version: z.literal(1),
    id: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "is 1 to 64 letters, digits, `.`, `_`, `-`"),
    holder: z.string().min(1).max(255).describe("whom it was issued to, for people"),
    audience: fingerprint.describe("id of the one server that it is for"),
    features: z
      .array(z.string().regex(/^[a-z]{1,30}\.[a-z]{1,30}$/, "is no name of a feature, such as remote.operate"))
      .max(32),
    limits: z.strictObject({ "workers.max": z.number().int().min(0).max(1_000_000).optional() }),
    notBefore: timeMs,
    notAfter: timeMs,
    key: fingerprint.describe("of the key that signs it, so that an unknown key can be told from a changed text"),
  })
  .refine(({ notBefore, notAfter }) => notBefore < notAfter, { path: ["notAfter"], message: "is not after notBefore" });
export type EntitlementDocument = z.infer<typeof EntitlementDocument>;
