import { readFile } from "node:fs/promises";
import { errorText, systemCode } from "#core";
import { MonitorError } from "./errors.ts";
import { type MonitorSettings, readSettings, unknownKeys } from "./settings.ts";
import { parseYaml } from "./yaml.ts";

/** What a file says, and what is to be said about it. */
export interface FoundSettings {
  readonly settings: MonitorSettings;
  /** One line each: keys that mean nothing, a file that is not there. */
  readonly warnings: readonly string[];
}

/**
 * Settings of a file. Without one, or when it does not exist, the defaults, as the original has it (ReCodEx specification §2);
 * every bad value is an error that names its key.
 *
 * @param mustExist a file that is named and missing is an error: somebody wants to know of this very file.
 * @throws {MonitorError} `MONITOR_SETTINGS_INVALID`
 */
export async function readSettingsFile(path: string | undefined, mustExist = false): Promise<FoundSettings> {
  if (path === undefined) return settingsIn({}, "the defaults");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (mustExist || systemCode(error) !== "ENOENT") throw invalid(path, [errorText(error)], error);
    const { settings } = settingsIn({}, path);
    return { settings, warnings: [`${path} does not exist: the defaults are used`] };
  }
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw invalid(path, [errorText(error)], error);
  }
  return settingsIn(document ?? {}, path);
}

function settingsIn(document: unknown, path: string): FoundSettings {
  const read = readSettings(document);
  if ("faults" in read) throw invalid(path, read.faults);
  const unknown = unknownKeys(document as Readonly<Record<string, unknown>>);
  return { settings: read.settings, warnings: unknown.map((key) => `${path}: \`${key}\` means nothing`) };
}

function invalid(path: string, faults: readonly string[], cause?: unknown): MonitorError {
  return new MonitorError("MONITOR_SETTINGS_INVALID", faults.map((fault) => `${path}: ${fault}`).join("\n"), { cause });
}
