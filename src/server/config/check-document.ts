import type { JsonObject } from "#core";
import { configFaults, ConfigSecretError, FleetError } from "#fleet";
import type { Configurations } from "./configurations.ts";
import { type DocumentText, readDocumentText, type TextFault } from "./document-text.ts";
import { reachWarnings } from "./reach.ts";

/** What can be said of a text before anybody goes by it. */
export interface CheckedText {
  /** What stands in it; null: that cannot be read. */
  readonly document: JsonObject | null;
  readonly faults: readonly TextFault[];
  /** What is allowed, and should be looked at twice. */
  readonly warnings: readonly TextFault[];
}

/** Check a text that is to become the next version of a configuration of the server (CAT-76). Nothing is written. */
export async function checkConfigText(
  configurations: Pick<Configurations, "draft">,
  name: string,
  text: string,
): Promise<CheckedText> {
  const read = readDocumentText(text);
  if (!("document" in read)) return unreadable(read.faults);
  try {
    const { document, reach, version } = await configurations.draft(name, read.document);
    const warnings = version === 0 ? [] : reachWarnings(reach, "one of them should have it first (CAT-80)");
    return { document: read.document, faults: read.placed(configFaults(document)), warnings: read.placed(warnings) };
  } catch (error) {
    return { document: read.document, faults: refusedIn(read, error), warnings: [] };
  }
}

/** A text that cannot be read. */
export function unreadable(faults: readonly TextFault[]): CheckedText {
  return { document: null, faults, warnings: [] };
}

/** What only a try to write it shows: a document that is too large, a secret that is none. */
function refusedIn(read: Extract<DocumentText, { document: JsonObject }>, error: unknown): TextFault[] {
  if (error instanceof ConfigSecretError) return read.placed([{ path: error.path, reason: error.message }]);
  if (error instanceof FleetError && error.code === "CONFIG_INVALID")
    return [{ path: "", reason: error.message, line: null, column: null }];
  throw error;
}
