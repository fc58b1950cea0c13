/** What whoever cannot connect to a worker knows of it. */
export interface ConnectFacts {
  /** By the server, by the worker's own HTTPS port, by password over that port, or directly from the server. */
  readonly way: "server" | "api" | "password" | "direct";
  readonly isRunning: boolean;
  readonly apiEnabled: boolean;
  /** Levels that the roles of the server have there. */
  readonly roles: Readonly<Record<string, string>>;
  readonly passwordSet: boolean;
  readonly port: number | undefined;
  readonly publicUrl: string | undefined;
}

/** A step of the list, and whether it is the trouble. */
export interface ConnectHint {
  readonly question: string;
  readonly isFine: boolean;
  readonly cure: string;
}

/** The check list of CAT-114, in its order, as far as it concerns the way; the first that is not fine is the place to look. */
export function connectHints(facts: ConnectFacts): ConnectHint[] {
  const { way, roles } = facts;
  const hint = (question: string, isFine: boolean, cure: string): ConnectHint => ({ question, isFine, cure });
  const hasRoles = Object.values(roles).some((level) => level !== "none");
  return [
    hint("is the service running?", facts.isRunning, "start it: `farhand worker start`, or its system service"),
    ...(way === "server"
      ? []
      : [hint("is the API enabled?", facts.apiEnabled, "set /api/enabled to true and restart the worker")]),
    ...(way === "password"
      ? []
      : [hint("are the roles for remote access set?", hasRoles, "write levels into /remoteAccess/roles")]),
    ...(way === "password"
      ? [
          hint("is a password set?", facts.passwordSet, "`farhand worker password` on that machine sets one"),
          hint("is the port known?", facts.port !== undefined, "it is /api/port of the worker, 8889 unless changed"),
        ]
      : []),
    ...(way === "direct"
      ? [
          hint(
            "are its outside address and published port known?",
            facts.publicUrl !== undefined,
            "set WORKER_PUBLIC_URL, or type the address in on the dashboard",
          ),
        ]
      : []),
  ];
}
