/** The only file of this room that knows the YAML library. */
import { parseDocument, type YAMLError } from "yaml";

/** Aliases that multiply each other are refused. */
const mostAliases = 100;

/** A document of YAML 1.1, which is what PyYAML reads; null for an empty one. @throws an error whose message says where. */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { version: "1.1", logLevel: "error" });
  const [error] = document.errors;
  if (error) throw new Error(told(error));
  return document.toJS({ maxAliasCount: mostAliases });
}

/** Without the lines of the file that the library shows below it: they may hold anything. */
function told({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "a second `---` begins another document, and only one is read";
  return message.split("\n\n", 1).join("").replace(/\s+/g, " ").replace(/:$/, "");
}
