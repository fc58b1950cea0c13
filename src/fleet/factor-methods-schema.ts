/**
 * The second factor of a hardened worker, which the worker itself checks (spec CAT-70): set up by who sits at its machine,
 * shown by users of the server before they configure it.
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const nothing = z.strictObject({});
type Nothing = Record<string, never>;
const code = z.string().min(6).max(16).describe("six digits, as the device shows them");

const FactorSecret = z.strictObject({
  secret: z.string().describe("base32, for the device; shown this once"),
  uri: z.string().describe("`otpauth://totp/…`, as a QR code has it"),
});
export type FactorSecret = z.infer<typeof FactorSecret>;

const FactorCode = z.strictObject({ code });
export type FactorCode = z.infer<typeof FactorCode>;

const FactorOpen = z.strictObject({
  untilMs: z
    .number()
    .int()
    .describe("the session may configure until then; clock of the worker, milliseconds since 1970"),
});
export type FactorOpen = z.infer<typeof FactorOpen>;

/** A new secret, not in force before a code of it was shown. On the worker's own socket only. */
export const factorBegin: Method<Nothing, FactorSecret> = {
  name: "factor.begin",
  params: nothing,
  result: FactorSecret,
  level: "admin",
  changes: true,
};

/** From now on the worker is hardened. On its own socket only. */
export const factorConfirm: Method<FactorCode, Nothing> = {
  name: "factor.confirm",
  params: FactorCode,
  result: nothing,
  level: "admin",
  changes: true,
};

/** It is no more. On its own socket only. */
export const factorClear: Method<Nothing, Nothing> = {
  name: "factor.clear",
  params: nothing,
  result: nothing,
  level: "admin",
  changes: true,
};

/** A user shows the worker's code: the session may do for some minutes what its level allows. */
export const factorShow: Method<FactorCode, FactorOpen> = {
  name: "factor.show",
  params: FactorCode,
  result: FactorOpen,
  level: "monitor",
  changes: true,
};
