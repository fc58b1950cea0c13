import { noColours } from "../../src/cli/colours.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that keeps what is said; `input` is what is piped in, piece by piece, nothing is a keyboard. */
export function testTerminal(...input: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const chunks = async function* () {
    for (const piece of input) yield Buffer.from(piece);
  };
  const terminal: Terminal = {
    env: {},
    stdin: Object.assign(chunks(), { isTTY: input.length === 0 }),
    columns: undefined,
    colours: noColours,
    print: (text) => void out.push(text),
    write: async (chunk) => void out.push(Buffer.from(chunk).toString()),
    say: (text) => void err.push(text),
    sayPart: (text) => void err.push(text),
    outliveOutput() {},
  };
  return { terminal, out, err };
}
