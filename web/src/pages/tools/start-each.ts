import { problemOf } from "../../api/problem.ts";

/** A unit that was started, and where. */
export interface Started {
  readonly worker: string;
  readonly unit: string;
}

/** A worker on which none was: by which error (docs/errors.md). */
export interface Refused {
  readonly worker: string;
  readonly code: string;
}

/** The same, with what was said of it; who has only the address knows the code alone. */
export interface Refusal extends Refused {
  /** Why, in words. */
  readonly detail?: string;
  /** What to try. */
  readonly remedy?: string;
}

/** What became of a wish for several workers. */
export interface StartedEach {
  readonly started: readonly Started[];
  readonly refused: readonly Refusal[];
}

/**
 * Start something on several workers at once, each for itself: one that refuses keeps no other from it.
 *
 * @throws the first refusal, when all refuse. @throws {ProblemError} where no answer came: then nobody knows, and it can be
 *   asked again with the same keys.
 */
export async function startEach(
  workers: readonly string[],
  start: (worker: string) => Promise<string>,
): Promise<StartedEach> {
  const answers = await Promise.allSettled(workers.map(start));
  const started: Started[] = [];
  const errors: { readonly worker: string; readonly error: unknown }[] = [];
  for (const [at, answer] of answers.entries()) {
    const worker = workers[at] ?? "";
    if (answer.status === "fulfilled") started.push({ worker, unit: answer.value });
    else errors.push({ worker, error: answer.reason });
  }
  const [first] = errors;
  const unknown = errors.find(({ error }) => problemOf(error).status === 0);
  if (unknown) throw unknown.error;
  if (first && started.length === 0) throw first.error;
  return { started, refused: errors.map(({ worker, error }) => refusalOf(worker, error)) };
}

function refusalOf(worker: string, error: unknown): Refusal {
  const { code, detail, remedy } = problemOf(error);
  return { worker, code, detail, ...(remedy !== undefined && { remedy }) };
}

const most = 100;

/** Those that an address names, as far as they look like it. */
export function refusedIn(value: unknown): readonly Refused[] {
  const named: readonly unknown[] = Array.isArray(value) ? value : [];
  return named.slice(0, most).flatMap((one): Refused[] => {
    const { worker, code } = { worker: undefined, code: undefined, ...(one as object | null) };
    const isOne = typeof worker === "string" && typeof code === "string" && /^[A-Z][A-Z_]{1,60}$/.test(code);
    return isOne ? [{ worker, code }] : [];
  });
}

/** Those that this window keeps beside an address, as far as they look like it. */
export function refusalsIn(value: unknown): readonly Refusal[] {
  const kept: readonly unknown[] = Array.isArray(value) ? value : [];
  return kept.flatMap((one): Refusal[] => {
    const { detail, remedy } = { detail: undefined, remedy: undefined, ...(one as object | null) };
    return refusedIn([one]).map((refused) => ({
      ...refused,
      ...(typeof detail === "string" && { detail }),
      ...(typeof remedy === "string" && { remedy }),
    }));
  });
}
