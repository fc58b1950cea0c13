/** One row of a room's error table: what a program, a browser and a shell are told. */
export interface ErrorEntry {
  /** HTTP status an API answers with. */
  readonly status: number;
  /** Exit code of the command line. */
  readonly exit: number;
  /** One sentence for `docs/errors.md`: what happened and what to do about it. */
  readonly meaning: string;
}

/** Every error of one room, by code. */
export type ErrorTable = Readonly<Record<string, ErrorEntry>>;

/** Anything Farhand throws on purpose. Programs look at `code`, people read `message`. */
export class FarhandError extends Error {
  readonly code: string;
  readonly status: number;
  readonly exit: number;

  constructor(code: string, entry: ErrorEntry, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = entry.status;
    this.exit = entry.exit;
  }
}

/** The text of anything that was thrown, for a log line or a status detail. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `EADDRINUSE`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
