import { isJsonObject, type Json, type JsonObject } from "#core";
import type { ConfigFault } from "#fleet";
import { SettingsError, type SettingsFault } from "../errors.ts";
import type { Position } from "../settings/directive.ts";
import { type DocumentNode, plainOf } from "../settings/document.ts";
import { Faults } from "../settings/faults.ts";
import { largestSettings } from "../settings/parse.ts";
import { readYaml, writeYaml } from "../settings/yaml.ts";

/** A document as it was written, and where each value of it stands. */
export type ReadDocument =
  | { readonly document: JsonObject; readonly placeOf: (pointer: string) => Position | undefined }
  | { readonly faults: readonly ConfigFault[] };

/**
 * Read `worker.yaml`: YAML without anchors, aliases and tags, of which JSON is a part. An empty text is an empty document.
 *
 * The faults of the text name line and column in place of a key.
 */
export function readDocument(text: string, file: string): ReadDocument {
  if (text.length > largestSettings) return fault(`it is longer than ${largestSettings} characters`);
  const faults = new Faults();
  const node = readYaml(text, file, faults, { plain: true });
  try {
    faults.throwIfAny();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { faults: error.faults.map(textFault) };
  }
  const document = node === undefined ? {} : (plainOf(node) as Json);
  if (!isJsonObject(document)) return fault("it must be a mapping of sections, like `server: {urls: [https://…]}`");
  return { document, placeOf: (pointer) => placeIn(node, pointer) };
}

/** A document as text that {@link readDocument} reads. */
export function writeDocument(document: JsonObject): string {
  return Object.keys(document).length === 0 ? "{}\n" : writeYaml(document);
}

function fault(reason: string): ReadDocument {
  return { faults: [{ path: "", reason }] };
}

function textFault({ message, hint, line, column }: SettingsFault): ConfigFault {
  const place = line === undefined ? "" : `line ${line}, column ${column}: `;
  const words = message.replace("error loading config file: ", "");
  return { path: "", reason: `${place}${words}${hint === undefined ? "" : ` (${hint})`}` };
}

/** Where a place of the document stands; of a key that is missing, where it would be. */
function placeIn(node: DocumentNode | undefined, pointer: string): Position | undefined {
  let at = node?.at;
  let inner = node;
  for (const name of pointer.split("/").slice(1)) {
    const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
    if (inner?.kind === "map") {
      const entry = inner.entries.find((each) => each.key === key);
      at = entry?.at ?? at;
      inner = entry?.value;
    } else if (inner?.kind === "list") {
      inner = inner.items[Number(key)];
      at = inner?.at ?? at;
    }
  }
  return at;
}
