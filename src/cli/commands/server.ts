import type { Command } from "../command.ts";

/** What `farhand server` is given. */
export interface ServerOptions {
  readonly dataDir?: string;
  readonly listen?: string;
  readonly publicUrl?: string;
  readonly hostName?: readonly string[];
  readonly database?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly plainHttp?: true;
  readonly road?: readonly string[];
  readonly trustedProxy?: readonly string[];
  readonly maxPending?: string;
  readonly auditDays?: string;
  readonly unitDays?: string;
  readonly quokka?: string;
  readonly quokkaAllow?: readonly string[];
  readonly quokkaHost?: string;
  readonly openMetrics?: true;
  readonly policy?: string;
  readonly entitlement?: string;
  readonly entitlementKey?: readonly string[];
  readonly factor?: readonly string[];
  readonly monitor?: string;
  readonly log?: string;
}

/** `farhand server`. */
export const server = {
  name: "server",
  title: "A server and its workers",
  summary: "Run the server in the foreground",
  details: [
    "Without options it keeps its state in $XDG_STATE_HOME/farhand/server (/var/lib/farhand-server for root) with an embedded",
    "database, listens on 127.0.0.1:8443 with a certificate of its own authority, and prints the login of its first admin",
    "once. Workers come in with tokens of `farhand enrol-token`, by WebSocket on the same port; --road opens others.",
    "FARHAND_DATABASE_URL, or --database FILE that holds it, names a PostgreSQL. SIGINT or SIGTERM stop it.",
  ].join(" "),
  options: [
    { flags: "--data-dir <folder>", description: "keys, certificates and the embedded database", completes: "file" },
    { flags: "--listen <host:port>", description: "where to listen; default 127.0.0.1:8443" },
    { flags: "--public-url <url>", description: "where people and workers reach it, when that is elsewhere" },
    { flags: "--host-name <name>", description: "another name it is reached under", repeatable: true },
    { flags: "--database <file>", description: "file that holds a postgres:// URL", completes: "file" },
    {
      flags: "--cert <file>",
      description: "certificate for the port, PEM; read again when it changes",
      completes: "file",
    },
    { flags: "--key <file>", description: "its key", completes: "file" },
    {
      flags: "--plain-http",
      description: "without TLS, on the loopback only: a proxy before it speaks TLS, at --public-url",
    },
    {
      flags: "--road <kind=where>",
      description: "another road for workers: tcp=HOST:PORT, ws=…, http=…, amqp=FILE with the broker's URL",
      repeatable: true,
    },
    { flags: "--trusted-proxy <address>", description: "proxy whose X-Forwarded-For counts", repeatable: true },
    {
      flags: "--max-pending <number>",
      description: "workers without a token that may wait to be approved at once; default 100, 0 for none",
    },
    {
      flags: "--audit-days <number>",
      description: "forget rows of the audit that are older; without this none ever is",
    },
    {
      flags: "--unit-days <number>",
      description:
        "forget units that their workers have no more, and outputs of workers of Quokka, after so many days; default 30",
    },
    {
      flags: "--quokka <host:port>",
      description: "take workers of Quokka there: plain HTTP without passwords; they want port 5000",
    },
    {
      flags: "--quokka-allow <address>",
      description: "address or network whose workers of Quokka are taken; without one this machine alone",
      repeatable: true,
    },
    { flags: "--quokka-host <host>", description: "where those send results; without it where they reach the server" },
    { flags: "--open-metrics", description: "/metrics for this machine without a credential" },
    {
      flags: "--policy <file>",
      description: "what may be done from elsewhere; read again when it changes",
      completes: "file",
    },
    {
      flags: "--entitlement <file>",
      description: "signed entitlement, for what the policy leaves to one; read again when it changes",
      completes: "file",
    },
    {
      flags: "--entitlement-key <file>",
      description: "public key that may sign entitlements; without one none counts",
      repeatable: true,
      completes: "file",
    },
    {
      flags: "--factor <role=rule>",
      description: "second factor of a role: off, optional (default) or required; then nothing works without one",
      repeatable: true,
    },
    {
      flags: "--monitor <file>",
      description: "relay live progress too, as `farhand monitor -c` does with this file",
      completes: "file",
    },
    { flags: "--log <level>", description: "error, warning, info or debug; default info" },
  ],
  examples: [
    ["farhand server", "one on this machine, for this machine"],
    ["farhand server --listen 0.0.0.0:8443 --public-url https://farm.example:8443", "one for others"],
  ],
  async run({ options }, terminal) {
    const { runServer } = await import("../server/run-server.ts");
    return await runServer(options, terminal);
  },
} satisfies Command<ServerOptions>;
