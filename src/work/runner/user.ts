import { readFileSync } from "node:fs";
import { WorkError } from "../errors.ts";

/** A user a command can run as, with all groups it would have after a login. */
export interface CommandUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Look a user up by name or number in the files of this machine. Accounts that only a directory service knows are not
 * found: Node has no `getpwnam`.
 *
 * @throws {WorkError} `START_FAILED` when there is no such user.
 */
export function findUser(name: string, passwd = read("/etc/passwd"), group = read("/etc/group")): CommandUser {
  // Empty and damaged lines are no users: they would have no number to run as.
  const users = rows(passwd).filter(([login, , uid, gid]) => login && isId(uid) && isId(gid));
  const entry = users.find(([login, , uid]) => login === name || uid === name);
  if (!entry)
    throw new WorkError("START_FAILED", `the work type's user "${name}" is not in /etc/passwd of this machine`);
  const [login = "", , uid, gid] = entry;
  const others = rows(group)
    .filter(([, , , members = ""]) => members.split(",").includes(login))
    .map(([, , id]) => Number(id));
  return { uid: Number(uid), gid: Number(gid), groups: [...new Set([Number(gid), ...others])] };
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

function rows(text: string): string[][] {
  return text.split("\n").map((line) => line.split(":"));
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
