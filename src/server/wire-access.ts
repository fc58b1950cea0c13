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

/** What lets a new worker in, without its secret. */
export interface Enrolment {
  readonly id: string;
  /** The name to be given, or with one `*` a pattern; null: any. */
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** For any number of workers until it expires. */
  readonly cloneable: boolean;
  readonly mayReplace: boolean;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it was used last, and by which worker. */
  readonly usedAt: number | null;
  readonly usedBy: string | null;
  readonly uses: number;
}

/** An enrolment with its token, told this once. */
export interface NewEnrolment {
  readonly enrolment: Enrolment;
  readonly token: string;
}

/** What a terminal or a TCP stream of a worker has shown, as it is listed. */
export interface Recording {
  readonly id: string;
  readonly kind: "shell" | "tcp";
  /** `live`: it goes on. `brokenOff`: there is no end of it. `unreadable`: it was altered, or sealed by another server. */
  readonly state: "live" | "whole" | "brokenOff" | "unreadable";
  /** Whether the stream had to end when it could not be written, or went on with a mark. */
  readonly mode: "strict" | "bestEffort";
  readonly worker: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string };
  /** Of a TCP stream. */
  readonly service?: string | undefined;
  readonly source: string;
  readonly startedAt: number;
  /** Milliseconds; absent where there is no end. */
  readonly durationMs?: number | undefined;
  /** Of its file, bytes. */
  readonly size: number;
  /** How it ended. */
  readonly why?: string | undefined;
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
