/**
 * Requests of users that the server passes on to a worker, each with an assertion of who asks (spec CAT-54 to CAT-63).
 */
import { z } from "zod";
import { maxMessageBytes } from "./envelope.ts";
import type { Method } from "./method.ts";

/** What a user asked for, as text: the assertion's hash is over exactly these bytes. */
export const Forwarded = z.strictObject({
  assertion: z.string().max(8_192).describe("see signAssertion"),
  body: z.string().max(maxMessageBytes).describe('JSON: {"method", "params"}'),
});
export type Forwarded = z.infer<typeof Forwarded>;

/** What the worker's method gave. Its failure is the reply's own error. */
export const ForwardedResult = z.strictObject({ result: z.unknown() });
export type ForwardedResult = z.infer<typeof ForwardedResult>;

export const forward: Method<Forwarded, ForwardedResult> = {
  name: "forward",
  params: Forwarded,
  result: ForwardedResult,
  // The assertion alone decides what may be called.
  level: "none",
  changes: true,
};

export const SessionEnded = z.strictObject({
  session: z.string().min(1).max(255).describe("`sid` of assertions"),
  reason: z.string().max(200),
});
export type SessionEnded = z.infer<typeof SessionEnded>;

/** A user's session is over: whatever a worker holds for it ends now (CAT-67). */
export const sessionEnded: Method<SessionEnded, Record<string, never>> = {
  name: "session.ended",
  params: SessionEnded,
  result: z.strictObject({}),
  level: "none",
  changes: true,
};

/** The body of what is forwarded. */
export const ForwardedBody = z.strictObject({
  method: z.string().min(1).max(100),
  params: z.record(z.string(), z.unknown()),
});
export type ForwardedBody = z.infer<typeof ForwardedBody>;
