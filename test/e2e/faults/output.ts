import { createHash } from "node:crypto";

/** How many 64-byte lines `ledger-command.pl` writes when it is left alone. */
const linesOf: Readonly<Record<string, number>> = {
  quick: 3,
  long: 20,
  silent: 0,
  chatty: 20_000,
  big: 1_638_400,
  killed: 2,
  forking: 2,
  stubborn: 200,
};

/** What a command of this kind and seed has written after `lines` lines (all of them unless told otherwise). */
export function* expectedOutput(kind: string, seed: number, lines = linesOf[kind] ?? 0): Generator<Buffer> {
  const name = `unit-${seed}`.padEnd(31);
  for (let first = 0; first < lines; first += 1024) {
    let text = "";
    for (let line = first; line < Math.min(lines, first + 1024); line++) {
      const check = String((seed * 2_654_435 + line * 40_503) % 4_294_967_296).padStart(20, "0");
      text += `${name} ${String(line).padStart(10, "0")} ${check}\n`;
    }
    yield Buffer.from(text, "latin1");
  }
}

/** SHA-256 of some output, hex, and its length. */
export function digestOf(chunks: Iterable<Uint8Array>): { sha256: string; bytes: number } {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
