import type { JsonObject } from "#core";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Shape } from "./shapes.ts";

/** A configuration as people edit it: YAML, with what there is to know about it above. */
export async function documentYaml(document: Shape, notes: readonly string[] = []): Promise<string> {
  const { writeDocument } = await import("#worker");
  const above = notes.map((note) => `# ${oneLine(note)}\n`);
  return `${above.join("")}${writeDocument(document as JsonObject)}`;
}

/**
 * The document in a text: YAML, of which JSON is a part.
 *
 * @throws {CliError} `DOCUMENT_INVALID` with the place.
 */
export async function parseDocument(text: string, file: string): Promise<JsonObject> {
  const { readDocument } = await import("#worker");
  const read = readDocument(text, file);
  if (!("faults" in read)) return read.document;
  const why = read.faults.map(({ reason }) => reason).join("; ");
  throw new CliError("DOCUMENT_INVALID", `${file === "-" ? "stdin" : file}: ${why}`);
}

/** A value of a document for a note, in one line. */
export function valueText(value: unknown): string {
  const text = oneLine(JSON.stringify(value) ?? "nothing");
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
