import { isJsonObject, type JsonObject } from "#core";
import { readDocument, writeDocument } from "#worker";
import { CliError } from "../errors.ts";
import { withConfiguration } from "./kept-configuration.ts";
import type { LocalWorker } from "./local-worker.ts";

/** A fault of a text; line and column are counted from 1, null: it stands nowhere. */
interface TextFault {
  readonly path: string;
  readonly reason: string;
  readonly line: number | null;
  readonly column: number | null;
}

type Fault = Pick<TextFault, "path" | "reason">;

/** The whole of it: the text to be edited, the version it is of, and every value in force with its source (CAT-8). */
export async function readConfiguration(worker: LocalWorker): Promise<object> {
  return await withConfiguration(worker, async (kept) => {
    const { document, ...got } = await kept.get();
    // An empty document is an empty text: there is nothing to be kept in it.
    const text = Object.keys(document).length === 0 ? "" : writeDocument(document);
    return { ...got, text, ...(await kept.effective()) };
  });
}

/** What the worker says against a text, each fault at its line (CAT-76). Nothing is written. @throws {CliError} LOCAL_INVALID. */
export async function checkConfiguration(worker: LocalWorker, { text }: JsonObject): Promise<object> {
  if (typeof text !== "string") throw new CliError("LOCAL_INVALID", "text: no text");
  const read = readDocument(text, "the text");
  if ("faults" in read) return { document: null, faults: read.faults.map(unplaced), warnings: [] };
  const { document, placeOf } = read;
  const placed = ({ path, reason }: Fault): TextFault => {
    const place = path === "" ? undefined : placeOf(path);
    return { path, reason, line: place?.line ?? null, column: place?.column ?? null };
  };
  const { faults, warnings } = await withConfiguration(worker, (kept) => kept.validate(document));
  return { document, faults: faults.map(placed), warnings: warnings.map(placed) };
}

/** The faults of a text that cannot be read say their place in words. */
function unplaced({ path, reason }: Fault): TextFault {
  const [, line, column, words = reason] = /^line (\d+), column (\d+): (.*)$/s.exec(reason) ?? [];
  return { path, reason: words, line: line ? Number(line) : null, column: column ? Number(column) : null };
}

/** Write a document that was made from a version. @throws CONFIG_STALE: another one is there by now; CONFIG_REFUSED. */
export async function writeConfiguration(worker: LocalWorker, wish: JsonObject): Promise<object> {
  const document = documentIn(wish);
  const ifMatch = countIn(wish, "ifMatch");
  const comment = typeof wish["comment"] === "string" ? wish["comment"] : "";
  return await withConfiguration(worker, (kept) => kept.put({ document, ifMatch, comment: comment.slice(0, 1_000) }));
}

/** What others, and the writer, have made of the version that a document was made from (CAT-72). */
export async function compareConfiguration(worker: LocalWorker, wish: JsonObject): Promise<object> {
  const document = documentIn(wish);
  const base = countIn(wish, "base");
  return await withConfiguration(worker, (kept) => kept.compare(document, base));
}

function documentIn({ document }: JsonObject): JsonObject {
  if (!isJsonObject(document ?? null)) throw new CliError("LOCAL_INVALID", "document: no JSON object");
  return document as JsonObject;
}

function countIn(wish: JsonObject, field: string): number {
  const value = wish[field];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new CliError("LOCAL_INVALID", `${field}: no number of a version`);
}
