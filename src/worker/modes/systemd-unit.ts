import { adminGroup } from "./places.ts";

/** What a unit file depends on. */
export interface SystemdUnit {
  /** Absolute path of the program, and its words behind it. */
  readonly command: readonly [program: string, ...words: string[]];
  /** Account it runs as. Root is for workers whose units run as several users. */
  readonly user: string;
  readonly group: string;
  /** Capabilities of the worker and its units, such as `CAP_NET_RAW` for capturing; none unless named. */
  readonly capabilities?: readonly string[];
  /** Folders besides its own that units write to. */
  readonly writable?: readonly string[];
}

/**
 * The unit file of a system worker (CAT-2): started when it says so, brought back within seconds, and allowed little more
 * than its units need. Passes `systemd-analyze verify`.
 */
export function systemdUnit({ command, user, group, capabilities = [], writable = [] }: SystemdUnit): string {
  const families = ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", ...(sniffs(capabilities) ? ["AF_PACKET"] : [])];
  const lines = [
    "[Unit]",
    "Description=Farhand worker",
    "Wants=network-online.target",
    "After=network-online.target",
    "# However often it fails, it is tried again.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=main",
    `ExecStart=${command.map(quoted).join(" ")}`,
    `User=${user}`,
    `Group=${group}`,
    // It gives its sockets and its configuration to the group (CAT-10, CAT-14): that takes a member of it.
    `SupplementaryGroups=${adminGroup}`,
    "Restart=always",
    "RestartSec=1",
    "TimeoutStopSec=60",
    "# Units outlive the worker: it finds them again when it comes back.",
    "KillMode=process",
    "UMask=0077",
    "StateDirectory=farhand",
    "StateDirectoryMode=0700",
    "RuntimeDirectory=farhand",
    "RuntimeDirectoryMode=0750",
    "RuntimeDirectoryPreserve=yes",
    `AmbientCapabilities=${user === "root" ? "" : capabilities.join(" ")}`,
    `CapabilityBoundingSet=${boundingSet(user, capabilities).join(" ")}`,
    `NoNewPrivileges=${user === "root" ? "no" : "yes"}`,
    "ProtectSystem=strict",
    ["ReadWritePaths=-/etc/farhand", "/tmp", "/var/tmp", ...writable.map((path) => quoted(`-${path}`))].join(" "),
    "ProtectHome=read-only",
    "# A private /tmp would be taken from units that go on when the service is started again.",
    "PrivateTmp=no",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    `RestrictAddressFamilies=${families.join(" ")}`,
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
  return `${lines.join("\n")}\n`;
}

/** A root worker drops to other users, ends their units and reads their files; it needs no more of root than that. */
const ofRoot = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"];

function boundingSet(user: string, capabilities: readonly string[]): string[] {
  return [...new Set([...(user === "root" ? ofRoot : []), ...capabilities])];
}

function sniffs(capabilities: readonly string[]): boolean {
  return capabilities.includes("CAP_NET_RAW");
}

/** One word of a unit file: no specifier, variable, quote or space in it means anything (systemd.service(5)). */
function quoted(word: string): string {
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=@%+,-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
