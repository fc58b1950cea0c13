import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { arch, cpus, hostname, loadavg, release, totalmem, uptime } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText, type Json } from "#core";
import { redactSecrets } from "#fleet";
import { effectiveValues } from "../configuration/effective.ts";
import { stateHolder } from "../modes/state-lock.ts";
import { version } from "../version.ts";
import { factsAndEffective, lookAll, type Patient } from "./doctor.ts";
import { redactedText } from "./redacted-text.ts";

/** Lines of the log that are taken. */
const logLines = 2_000;
const journalBytes = 16 * 1024 * 1024;

export interface SupportOptions extends Patient {
  /** Folder to make; it must not be there. */
  readonly folder: string;
  /** Last lines of the log; the system's journal of the worker's service when absent. */
  readonly log?: () => Promise<string>;
}

/**
 * Write what somebody who helps needs to see (CAT-118), as plain texts in a folder of its own (0700): whoever sends it can
 * read it first. Secrets that are known by their place are left out, and whatever text still holds one is blackened.
 *
 * @returns the names of the files.
 */
export async function writeSupport(options: SupportOptions, signal?: AbortSignal): Promise<string[]> {
  const { facts, effective, secrets } = factsAndEffective(options);
  const texts: Readonly<Record<string, string>> = {
    "versions.json": json(versions(options.mode)),
    "configuration.json": json({
      file: facts.places.configFile ?? null,
      faults: facts.faults,
      values: effective ? effectiveValues(effective) : [],
    }),
    "doctor.json": json(await lookAll(facts, signal)),
    "state.json": json({
      folder: facts.places.state,
      holder: stateText(facts.places.state),
      files: namesIn(facts.places.state),
    }),
    "log.txt": await (options.log ?? journal)(),
  };
  mkdirSync(options.folder, { mode: 0o700 });
  for (const [name, text] of Object.entries(texts))
    writeFileSync(join(options.folder, name), redactedText(text, secrets), { mode: 0o600, flag: "wx" });
  return Object.keys(texts);
}

function versions(mode: string) {
  const { node, openssl, v8 } = process.versions;
  const machine = { host: hostname(), kernel: release(), arch: arch(), cpus: cpus().length, memory: totalmem() };
  return { farhand: version, mode, node, openssl, v8, ...machine, uptimeSeconds: uptime(), load: loadavg() };
}

function stateText(state: string): unknown {
  try {
    return stateHolder(state) ?? null;
  } catch (error) {
    return errorText(error);
  }
}

/** Names alone: what stands in them may be anything. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, 1_000);
  } catch (error) {
    return [errorText(error)];
  }
}

async function journal(): Promise<string> {
  const words = ["--unit", "farhand-worker", "--lines", String(logLines), "--no-pager", "--output", "short-iso"];
  try {
    const { stdout } = await promisify(execFile)("journalctl", words, { maxBuffer: journalBytes, timeout: 30_000 });
    return stdout;
  } catch (error) {
    return `the journal cannot be read: ${errorText(error)}\n`;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(redactSecrets(JSON.parse(JSON.stringify(value)) as Json), undefined, 2)}\n`;
}
