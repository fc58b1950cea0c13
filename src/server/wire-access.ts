/** What the API tells of users' sessions and tokens, and of the audit; a part of `wire.ts`. */

/** A login of a user that is in force. */
export interface Session {
  readonly id: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly factorAt: number | null;
  readonly source: string;
  /** What the client called itself. */
  readonly client: string;
  /** It is the one that asks. */
  readonly current: boolean;
}

/** A credential of a program, without what makes it one. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** `AREA:LEVEL` each. */
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
}

/** An API token with its secret, told this once. */
export interface NewApiToken {
  readonly token: string;
  readonly apiToken: ApiToken;
}

/** A row of the audit; each has the hash of the one before it. */
export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail?: unknown;
  readonly previous: string;
  readonly hash: string;
}

/** Whether the audit is whole, or the first row that is wrong. */
export type AuditVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: string }
  | { readonly ok: false; readonly sequence: number; readonly fault: string; readonly meaning: string };
