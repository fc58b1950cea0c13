import type { Enrolment, NewEnrolment } from "#server/wire";
import { all } from "./all-parts.ts";
import { word } from "./place.ts";
import { request } from "./request.ts";

/** What a new token lets in. Times in milliseconds. */
export interface EnrolmentWish {
  /** The name to be given, or with one `*` a pattern; absent: any. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly lifeMs: number;
  /** For any number of workers, until it expires. */
  readonly cloneable: boolean;
  /** A worker may take the place of the old entry of its machine (CAT-42). */
  readonly mayReplace: boolean;
}

/** Enrolment tokens without their secrets, used and expired ones too. */
export const readEnrolments = (signal: AbortSignal) => all<Enrolment>("enrolments", signal);

/** A token with its secret, which is told this once. */
export const makeEnrolment = (wish: EnrolmentWish): Promise<NewEnrolment> =>
  request("POST", "enrolments", { body: wish, headers: { "idempotency-key": crypto.randomUUID() } });

export const revokeEnrolment = (id: string): Promise<void> => request("DELETE", `enrolments/${word(id)}`);

const pendingRoute = (fingerprint: string): string => `pending-workers/${word(fingerprint)}`;

/** Let a worker in. What is given wins over what it says of itself. */
export const approveWorker = (
  fingerprint: string,
  given: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> },
): Promise<void> => request("POST", `${pendingRoute(fingerprint)}/approve`, { body: given });

export const rejectWorker = (fingerprint: string): Promise<void> =>
  request("POST", `${pendingRoute(fingerprint)}/reject`);
