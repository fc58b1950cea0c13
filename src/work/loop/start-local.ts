import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WorkError } from "../errors.ts";
import { splitParams } from "../runner/params.ts";
import { findUser } from "../runner/user.ts";
import type { LocalLoop, LoopSettings } from "../settings.ts";
import { identityOf } from "../unit/process-table.ts";
import { helperMark } from "./helper-tree.ts";
import { type LocalCard, newLoopToken, tokenHash, writeLocalCard } from "./local-card.ts";

/** Farhand's own loop is a command of the built program, also when the daemon runs from sources under test. */
const programPath = fileURLToPath(new URL("../../../bin/farhand", import.meta.url));

/** Where a helper finds its worker, and where notes about it are kept. */
export interface LocalPlace {
  /** Private folder (0700) for cards and the log of helpers. */
  readonly dir: string;
  /** Path of the socket on which helpers are let in. */
  readonly socket: string;
}

/** A type whose helpers this worker starts. */
export type LocalType = LoopSettings & { readonly local: LocalLoop };

/**
 * Start a helper that outlives us: its own session, and address and token on descriptor 3, where no other process can read
 * them (CAT-86). Its card is on disk before it has the token.
 *
 * @throws {WorkError} `START_FAILED`. @throws system errors.
 */
export async function startLocal(type: LocalType, { dir, socket }: LocalPlace) {
  const id = `${type.workType.replaceAll(/[^\w-]/g, "").slice(0, 20)}-${randomBytes(4).toString("hex")}`;
  const token = newLoopToken();
  const child = await started(type, id, dir);
  const identity = identityOf(child.pid ?? -1);
  if (!identity)
    throw new WorkError("START_FAILED", `helper ${id} ended as soon as it was started; see ${dir}/loops.log`);
  const card: LocalCard = {
    id,
    workType: type.workType,
    tokenSha256: tokenHash(token),
    process: identity,
    startedWith: startOf(type),
  };
  try {
    writeLocalCard(dir, card);
  } catch (error) {
    // Without a card no daemon would know it, nor end it.
    child.kill("SIGKILL");
    throw error;
  }
  const pipe = (child.stdio[3] as Socket).on("error", () => undefined);
  // Closed on our side, and not only ended: the helper may keep its end, and that would keep us alive with it.
  pipe.end(`${JSON.stringify({ socket, token })}\n`, () => pipe.destroy());
  child.unref();
  return { card, child };
}

/** All of a work type that a helper is started with, as a SHA-256. */
export function startOf({ local, workDir, envAllow, user }: LocalType): string {
  return tokenHash(JSON.stringify([local.program, workDir, envAllow, user]));
}

async function started(type: LocalType, id: string, dir: string): Promise<ChildProcess> {
  const { program } = type.local;
  const [command = "", ...args] =
    program.kind === "loop"
      ? splitParams(program.line)
      : [process.execPath, programPath, "helper", "--inherited", "--", program.path];
  // Not our own stderr: whoever reads that would wait for the helper too, long after we are gone.
  const log = openSync(join(dir, "loops.log"), "a", 0o600);
  try {
    const child = spawn(command, args, {
      detached: true,
      stdio: ["ignore", log, log, "pipe"],
      env: { ...inheritedBy(type), [helperMark]: id },
      ...(type.workDir !== undefined && { cwd: type.workDir }),
      // Farhand's own loop takes on the user for each command, so that a command cannot speak for its helper.
      ...(type.user !== undefined && program.kind === "loop" && idsOf(type.user)),
    });
    if (child.pid === undefined) throw (await once(child, "error"))[0] as Error;
    return child;
  } finally {
    closeSync(log);
  }
}

function idsOf(user: string) {
  const { uid, gid } = findUser(user);
  return { uid, gid };
}

/** The daemon's environment (spec §2.4) without what is meant for Farhand itself. */
function inheritedBy({ envAllow }: LoopSettings): Record<string, string> {
  const isWanted = (name: string): boolean => !name.startsWith("FARHAND_") && (envAllow?.includes(name) ?? true);
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isWanted(entry[0]),
  );
  return Object.fromEntries(entries);
}
