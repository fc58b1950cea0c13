import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** TCP ports that processes listen on, as `127.0.0.1:8443`, in order. What `ss -ltnp` says, of these alone. */
export function listeningPorts(pids: readonly number[]): string[] {
  const sockets = new Set(pids.flatMap(socketsOf));
  const listening = ["tcp", "tcp6"].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, "latin1").trim().split("\n").slice(1),
  );
  return listening.flatMap((line) => portIn(line, sockets) ?? []).sort();
}

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** See proc(5): the state 0A is "listening". */
function portIn(line: string, sockets: ReadonlySet<string>): string | undefined {
  const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
  if (state !== "0A" || !sockets.has(inode)) return undefined;
  const [address = "", port = ""] = local.split(":");
  return `${addressIn(address)}:${Number.parseInt(port, 16)}`;
}

/** An address of version 4 as people write it; of version 6 as it stands there. */
function addressIn(hex: string): string {
  if (hex.length > 8) return hex;
  return [...Buffer.from(hex, "hex")].reverse().join(".");
}
