import type { Problem } from "#server/wire";

/** Something was refused or has failed, with what the server says of it. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** What went wrong, whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: "about:blank", title: "This page failed", status: 0, detail, code: "PAGE_FAILED" };
}

/** No answer came at all. */
export function unreachable(): ProblemError {
  return new ProblemError({
    type: "about:blank",
    title: "No answer",
    status: 0,
    code: "SERVER_UNREACHABLE",
    detail: "the server did not answer",
    remedy: "look whether it runs, and whether this machine has a network; then try again",
  });
}

/** The problem in an answer; what is none is told by its status alone. */
export function problemIn(value: unknown, status: number, title: string): ProblemError {
  const isProblem = typeof value === "object" && value !== null && "code" in value && "detail" in value;
  if (isProblem) return new ProblemError(value as Problem);
  const detail = `the server answered ${status}, and not in a way that these pages know`;
  return new ProblemError({ type: "about:blank", title, status, detail, code: "ANSWER_INVALID" });
}
