import { chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { ModePlaces } from "./places.ts";

/** The account that a system service runs as. */
export interface ServiceAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Whom `farhand worker install` has given the folder of the configuration, which is in one of root's; undefined where that
 * is root, where there is no such folder, and in modes that know no other account than one's own.
 */
export function serviceAccount({ configFile, group }: ModePlaces): ServiceAccount | undefined {
  if (configFile === undefined || group === undefined) return undefined;
  const uid = statSync(dirname(configFile), { throwIfNoEntry: false })?.uid ?? 0;
  return uid === 0 ? undefined : accountOf(uid);
}

/**
 * From here on root acts as the service's account, where there is one: what it writes must be the service's, and what that
 * account has laid into its folders must not lead root elsewhere. A state folder that is still root's stays so: systemd
 * hands it over when it starts the service.
 *
 * @param kept root can be had back for a moment, by {@link asRoot}: for programs that start none as somebody else.
 */
export function becomeServiceAccount(places: ModePlaces, { kept = false } = {}): void {
  if (process.geteuid?.() !== 0) return;
  const account = serviceAccount(places);
  if (!account) return;
  makeFolder(places.state, account, 0o700);
  makeFolder(dirname(places.socket), account, 0o750);
  if (statSync(places.state).uid !== account.uid) return;
  process.setgroups?.([account.gid, ...groupNamed(places.group)]);
  if (kept) {
    process.setegid?.(account.gid);
    process.seteuid?.(account.uid);
    return;
  }
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
  Object.assign(process.env, { HOME: account.home, USER: account.name, LOGNAME: account.name });
}

/** Start something as root, in a program that was root before {@link becomeServiceAccount}. */
export function asRoot<T>(start: () => T): T {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0 || process.getuid?.() !== 0) return start();
  process.seteuid?.(0);
  try {
    return start();
  } finally {
    process.seteuid?.(uid);
  }
}

/** As its unit has it: the service gives what it makes to that group. */
function groupNamed(wanted: string | undefined): number[] {
  const lines = readFileSync("/etc/group", "utf8").split("\n");
  return lines.flatMap((line) => {
    const [name, , gid] = line.split(":");
    return name === wanted && gid !== undefined ? [Number(gid)] : [];
  });
}

/** One that is there already stays as it is. */
function makeFolder(folder: string, { uid, gid }: ServiceAccount, mode: number): void {
  if (mkdirSync(folder, { recursive: true, mode }) !== undefined) chownSync(folder, uid, gid);
}

function accountOf(wanted: number): ServiceAccount | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , uid, gid, , home = "/"] = line.split(":");
    if (name !== "" && Number(uid) === wanted) return { name, uid: wanted, gid: Number(gid), home };
  }
  return undefined;
}
