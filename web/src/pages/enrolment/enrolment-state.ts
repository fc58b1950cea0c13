import type { Enrolment } from "#server/wire";

/** Whether a token still lets somebody in. */
export type EnrolmentState = "open" | "used" | "expired";

/** One for many workers stays open after it was used. */
export function enrolmentState(
  { usedAt, cloneable, expiresAt }: Pick<Enrolment, "usedAt" | "cloneable" | "expiresAt">,
  now: number,
): EnrolmentState {
  if (usedAt !== null && !cloneable) return "used";
  return expiresAt > now ? "open" : "expired";
}

/** Those that let somebody in first, and of each kind the newest first. */
export function inOrder(enrolments: readonly Enrolment[], now: number): readonly Enrolment[] {
  const rank = (one: Enrolment): number => Number(enrolmentState(one, now) !== "open");
  return [...enrolments].sort((a, b) => rank(a) - rank(b) || b.createdAt - a.createdAt);
}
