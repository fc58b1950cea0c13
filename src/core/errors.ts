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

const exits: Readonly<Record<number, number>> = { 401: 4, 403: 4, 404: 4, 409: 6, 412: 6, 429: 4, 499: 130 };

/** Exit code for what was refused elsewhere, by its HTTP status, as the tables of the errors pair most of them. */
export function exitOfStatus(status: number): number {
  if (status >= 500) return status === 500 ? 1 : 5;
  return exits[status] ?? 2;
}

/** The text of anything that was thrown, for a log line or a status detail. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `EADDRINUSE`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
