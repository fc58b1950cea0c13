import { isJsonObject, type JsonObject } from "#core";
import type { ConfigFault } from "#fleet";
import { readYaml, type TextPlace, writeYaml } from "./yaml.ts";

/** Longest text of a document, in characters: as much as the document itself may have. */
export const largestText = 262_144;

/** A fault, and where it stands in a text. Line and column are counted from 1; null: it stands nowhere. */
export interface TextFault extends ConfigFault {
  readonly line: number | null;
  readonly column: number | null;
}

/** A document as somebody wrote it, with the place of each of its keys; or what cannot be read. */
export type DocumentText =
  | { readonly document: JsonObject; readonly placed: (faults: readonly ConfigFault[]) => TextFault[] }
  | { readonly faults: readonly TextFault[] };

/** Read a document that people write: YAML, of which JSON is a part. An empty text is an empty document. */
export function readDocumentText(text: string): DocumentText {
  if (text.length > largestText) return fault(`it is longer than ${largestText} characters: make it shorter`);
  const { value = {}, faults, places } = readYaml(text);
  if (faults.length > 0)
    return { faults: faults.map(({ reason, place: { line, column } }) => ({ path: "", reason, line, column })) };
  if (!isJsonObject(value)) return fault("it must be a mapping of sections, like `log: {level: debug}`");
  return { document: value, placed: (found) => found.map((each) => ({ ...each, ...placeOf(places, each.path) })) };
}

/** A document as people edit it. Comments are no part of documents, and so of no text. */
export function writeDocumentText(document: JsonObject): string {
  return Object.keys(document).length === 0 ? "" : writeYaml(document);
}

/** Of a key that is missing, where the key around it stands. */
function placeOf(places: ReadonlyMap<string, TextPlace>, pointer: string): Pick<TextFault, "line" | "column"> {
  for (let path = pointer; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    const place = places.get(path);
    if (place) return place;
  }
  return { line: null, column: null };
}

function fault(reason: string): DocumentText {
  return { faults: [{ path: "", reason, line: null, column: null }] };
}
