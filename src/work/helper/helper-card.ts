import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ProcessIdentity } from "../unit/process-record.ts";

/** What the next daemon needs to find a helper again. Kept 0600 in the node's private folder. */
export interface HelperCard {
  readonly id: string;
  /** Proves to the helper that the caller may read this file. */
  readonly token: string;
  /** A helper of another version speaks another language: it finishes its units and goes. */
  readonly version: string;
  readonly process: ProcessIdentity;
}

/** Id and token of a new helper. */
export function newHelperId(): { id: string; token: string } {
  return { id: randomBytes(4).toString("hex"), token: randomBytes(32).toString("hex") };
}

/** Where the helper with this id listens. */
export function helperSocket(dir: string, id: string): string {
  return join(dir, `${id}.sock`);
}

/** Another way to the same socket, short enough for the kernel; good until `close()`. */
export interface ShortPath {
  readonly path: string;
  close(): void;
}

/**
 * A socket address holds 107 bytes, and Node cuts off what is longer without a word. A folder that is open has a short name
 * of its own, however long its path is.
 */
export function shortPath(socketPath: string): ShortPath {
  const folder = openSync(dirname(socketPath), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${folder}/${basename(socketPath)}`, close: () => closeSync(folder) };
}

/** Leave a card for the next daemon. */
export function writeCard(dir: string, card: HelperCard): void {
  writeFileSync(join(dir, `${card.id}.json`), JSON.stringify(card), { mode: 0o600 });
}

/** Forget a helper that is gone. */
export function removeCard(dir: string, id: string): void {
  rmSync(join(dir, `${id}.json`), { force: true });
  rmSync(helperSocket(dir, id), { force: true });
}

/** The cards earlier daemons left. A damaged one is removed: its helper finishes its units without us. */
export function readCards(dir: string): HelperCard[] {
  const names = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => readCard(dir, name) ?? []);
}

function readCard(dir: string, name: string): HelperCard | undefined {
  try {
    const card = JSON.parse(readFileSync(join(dir, name), "utf8")) as HelperCard;
    if (typeof card.process.pid !== "number" || `${card.id}.json` !== name) throw new TypeError("damaged card");
    return card;
  } catch {
    rmSync(join(dir, name), { force: true });
    return undefined;
  }
}
