import { CliError } from "../errors.ts";
import { readText } from "../files.ts";
import type { Terminal } from "../terminal.ts";

const maxChars = 4_096;

/** The first line of a file that holds a secret; `-` is stdin. @throws {CliError} `FILE_UNREADABLE`, `USAGE` */
export async function secretIn(path: string, terminal: Terminal): Promise<string> {
  const text = path === "-" ? await pipedText(terminal) : await readText(path);
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line !== "" && line.length <= maxChars) return line;
  throw new CliError(
    "USAGE",
    `the first line of ${path === "-" ? "stdin" : path} is no secret: it is empty or too long`,
  );
}

async function pipedText({ stdin }: Terminal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > 8 * maxChars) break;
  }
  return Buffer.concat(chunks).toString();
}
