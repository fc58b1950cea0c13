import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../unit/process-record.ts";

/** What the next daemon needs to know a helper again that it did not start. Nothing in it lets anybody in. */
export interface LocalCard {
  readonly id: string;
  readonly workType: string;
  /** SHA-256 of its token, hex. */
  readonly tokenSha256: string;
  readonly process: ProcessIdentity;
  /** What it was started with, as a SHA-256: a daemon whose work type says otherwise sends it home. */
  readonly startedWith: string;
}

/** A fresh token: 256 bits. */
export function newLoopToken(): string {
  return `fhl_${randomBytes(32).toString("base64url")}`;
}

/** Of 256 random bits nobody guesses any: a fast hash does, and what a look-up's time tells is about the hash. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Leave a card, whole or not at all. */
export function writeLocalCard(dir: string, card: LocalCard): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${card.id}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(card), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Forget a helper that is gone. */
export function removeLocalCard(dir: string, id: string): void {
  rmSync(join(dir, `${id}.json`), { force: true });
}

/** The cards earlier daemons left. A damaged one is removed: its helper is let in no more, and leaves by itself. */
export function readLocalCards(dir: string): LocalCard[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const names = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => readLocalCard(dir, name) ?? []);
}

function readLocalCard(dir: string, name: string): LocalCard | undefined {
  try {
    const card = JSON.parse(readFileSync(join(dir, name), "utf8")) as LocalCard;
    const isWhole =
      `${card.id}.json` === name && typeof card.process.pid === "number" && card.tokenSha256.length === 64;
    if (!isWhole) throw new TypeError("damaged card");
    return card;
  } catch {
    rmSync(join(dir, name), { force: true });
    return undefined;
  }
}
