/** The only file of this room that knows the YAML library. */
import { parseDocument } from "yaml";

/** Aliases that multiply each other are refused. */
const mostAliases = 100;

/** A document of YAML 1.1, which is what PyYAML reads; null for an empty one. @throws an error whose message says where. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { version: "1.1", logLevel: "silent" });
  const [error] = document.errors;
  if (error) throw new Error(error.message.split("\n", 1)[0]);
  return document.toJS({ maxAliasCount: mostAliases });
}
