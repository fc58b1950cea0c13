const otherSocket =
  "start a worker with `farhand worker`, or name the control socket of yours with --socket; of one that was joined to a " +
  "server `farhand worker status` tells";
const roots = "name the CA that signed it with --rootcas FILE";

/** What to try, by error code: commands of `farhand`, and places to look at. An error whose message says it all has none. */
export const remedies: Readonly<Record<string, string>> = {
  UNEXPECTED: "again with FARHAND_DEBUG=1, and report what it prints",
  SOCKET_MISSING: otherSocket,
  CONNECTION_REFUSED: otherSocket,
  CONNECTION_DENIED: "as the user the worker runs as, or widen `permissions` of its control-service",
  CONNECTION_FAILED: "check host and port of --socket",
  CONNECT_TIMEOUT: "check --socket: is it a control service, with TLS on both sides or on neither?",
  CONNECTION_LOST: "`farhand status`; when it fails too, the worker is down: look into its log",
  NOT_RECEPTOR: "check host and port of --socket",
  ADDRESS_INVALID: "--socket PATH, tcp://HOST:PORT or tls://HOST:PORT",
  TLS_UNTRUSTED: roots,
  TLS_NAME_MISMATCH: "connect by a name that stands in the certificate, or --insecureskipverify",
  TLS_REFUSED: "give the worker a certificate it accepts: --cert FILE --key FILE",
  TLS_FAILED: "tcp:// when the worker does not use TLS there",
  TLS_FILE_UNREADABLE: "check --rootcas, --cert and --key",
  TLS_PROFILE_INVALID: "check that certificate and key belong together, and that the node is named in the certificate",
  DUPLICATE_NODE: "give this worker another node id",
  UNIT_NOT_FOUND: "`farhand work list` shows the units there are",
  WORK_TYPE_UNKNOWN: "`farhand status` shows the work types there are",
  TARGET_REFUSED: "`farhand worker edit`: `targets` of its `tools` names the hosts that may be looked at",
  INTERFACE_REFUSED: "`farhand worker edit`: `interfaces` of its `tools`",
  FILTER_REFUSED:
    "filters are written as in pcap-filter(7), such as `udp port 53`; a worker may let only its `filters` be used",
  BUDGET_EXCEEDED: "ask for less, or for longer; `farhand config edit WORKER`: the budgets of its `tools`",
  NAME_UNKNOWN: "check the name; the worker's resolver looks it up, not that of this machine",
  CAPABILITY_MISSING: "`sudo farhand worker install --capability CAP_NET_RAW` on its machine",
  PROGRAM_MISSING: "install it there: `apt install tcpdump nmap mtr-tiny util-linux`",
  PARAMS_REFUSED: "check their quotes; a work type takes parameters only where it has `allowruntimeparams`",
  NO_ROUTE: "`farhand status` shows the nodes in reach, and which roads do not work",
  SERVICE_UNKNOWN: "`farhand status` lists the services of all nodes",
  TIMEOUT: "`farhand ping` and `farhand traceroute` show how far the way to the node goes",
  TLS_PROFILE_UNKNOWN: "check --tls-client: it names a tls-client section of the worker's configuration",
  PING_FAILED: "`farhand status` lists the nodes in reach",
  REMOTE_REFUSED: "`farhand status` shows which node offers which work type",
  NODE_UNREACHABLE: "leave --node out to run it on the worker itself",
  UNIT_STUCK: "`farhand work release --force ID`",
  START_FAILED: "`farhand work status ID` has the whole story; check the command of the work type",
  STORAGE_FAILED: "free space in the worker's data folder, then again",
  PAYLOAD_FAILED: "submit it again",
  FEATURE_NOT_READY: "remove those sections, or keep Receptor for this node for now",
  DATA_DIR_IN_USE: "stop the other daemon, or give this one another `datadir` or node id",
  SOCKET_LOCKED: "stop the other daemon, or give this one another `filename` in its control-service",
  SETTINGS_UNREADABLE: "check the path",
  WORKER_DENIED:
    "as root or a member of the group `workeradmin` for a worker of the system; else as the user whose worker it is",
  NOT_LOGGED_IN: "`farhand login URL`",
  SERVER_UNKNOWN: "`farhand login URL`, or --server with one of those",
  SERVER_UNREACHABLE: "check the address, and whether the server runs",
  SERVER_UNTRUSTED:
    "ask its keeper for the authority or its fingerprint: `farhand login URL --ca FILE` or --pin sha256:…",
  ANSWER_INVALID: "check the address; `farhand --version` says which version this is",
  CREDENTIALS_UNUSABLE: "check the folder, or set XDG_CONFIG_HOME to another one",
  CREDENTIAL_INVALID: "`farhand login URL`",
  CREDENTIAL_MISSING: "`farhand login URL`",
  SESSION_NEEDED: "`farhand login URL`, without FARHAND_TOKEN",
  FACTOR_NEEDED: "`farhand login URL` with a code of your second factor",
  PASSWORD_NEEDED: "`farhand login URL`, and again within ten minutes",
  FACTOR_ENROLMENT_NEEDED: "`farhand totp enable`",
  ENROLMENT_REFUSED: "`farhand enrol-token` where you are logged in as an admin makes another one",
  MACHINE_KNOWN: "`farhand worker join … --replace` takes its place, `--add` makes this another worker",
  LEVEL_TOO_LOW: "ask an admin; `farhand whoami` says which role you have",
  WORKER_NOT_FOUND: "`farhand workers` lists those you may see",
  WORKER_AWAY: "`farhand workers` says since when; on its machine, `farhand worker status` or `worker doctor` says why",
  WORKER_UNREACHABLE: "`farhand workers` says how it is, and `farhand units list WORKER` what it has",
  CONFIG_NOT_FOUND: "`farhand config get` lists the configurations there are",
  CONFIG_STALE: "`farhand config edit NAME`, which begins with theirs",
  ROLLOUT_OPEN: "`farhand config rollout NAME` shows how it goes; --finish or --abort ends it",
  ROLLOUT_NONE: "`farhand config put NAME FILE --if-match N --canary 1` begins one",
  CANARY_NONE: "`farhand config status NAME` lists its workers; without --canary all get it at once",
  USER_NOT_FOUND: "`farhand users` lists them",
  SESSION_NOT_FOUND: "`farhand sessions` lists them",
  API_TOKEN_NOT_FOUND: "`farhand tokens` lists them",
  AUDIT_BROKEN: "compare with an export or a backup from before",
  MONITOR_SETTINGS_INVALID: "correct the file; docs/tasks/watch-progress.md has the keys and what they may be",
  MONITOR_LISTEN_FAILED: "stop who listens there (`ss -ltnp` shows it), or choose another port",
  MONITOR_HOST_UNUSABLE: "an address of this machine (`ip -brief address` lists them), or 0.0.0.0 for all of them",
  MONITOR_LOG_FAILED: "make the folder, writable for the user the monitor runs as, or name another `logger.file`",
  MONITOR_STORAGE_FAILED:
    "make the folder, writable for the user the monitor runs as, or `storage: {folder: false}` for memory only",
  MONITOR_STORAGE_TAKEN: "stop the other monitor, or name another `storage.folder`",
  MONITOR_SECRET_UNUSABLE:
    "a file that is there: `chown` it to the user the monitor runs as and `chmod 600` it; a new one: `openssl rand -hex 32 > NEW`",
  NOTHING_TO_DO: "add `- control-service: {filename: /run/farhand.sock}`",
};

/** The same where a server said it: the worker is elsewhere then, and other commands help. */
export const remediesThroughServer: Readonly<Record<string, string>> = {
  UNIT_NOT_FOUND: "`farhand units list WORKER` shows the units there are",
  WORK_TYPE_UNKNOWN: "`farhand workers show WORKER` lists what it offers",
  TARGET_REFUSED: "`farhand config edit WORKER`: `targets` of its `tools` names the hosts that may be looked at",
  INTERFACE_REFUSED: "`farhand config edit WORKER`: `interfaces` of its `tools`",
  UNIT_TAKEN: "`farhand units show WORKER ID` says how it goes",
  START_FAILED: "`farhand units show WORKER ID` has the whole story; check the command of the work type",
  UNIT_STUCK: "`farhand units release WORKER ID --force`",
  SERVICE_UNKNOWN: "`farhand config edit WORKER`: its `tcpServices` names them, and the level each needs",
  SERVICE_UNREACHABLE:
    "look whether the service runs there; `farhand config edit WORKER`: its `tcpServices` has the address",
  SHELL_REFUSED:
    "`farhand config edit WORKER`: `shell: {enabled: true, level: admin}`, then `farhand workers restart WORKER`",
};

/** What to try after an error that a server tells, its own or a worker's; undefined where the message says it all. */
export function remedyThroughServer(code: string): string | undefined {
  for (const table of [remediesThroughServer, remedies]) if (Object.hasOwn(table, code)) return table[code];
  return undefined;
}
