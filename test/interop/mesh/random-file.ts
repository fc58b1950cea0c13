import { createHash, randomBytes } from "node:crypto";
import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Fill a file with bytes nobody can guess. Gives their SHA-256. */
export function writeRandom(path: string, mebibytes: number): string {
  const hash = createHash("sha256");
  const file = openSync(path, "w");
  for (let n = 0; n < mebibytes; n++) {
    const bytes = randomBytes(2 ** 20);
    hash.update(bytes);
    writeSync(file, bytes);
  }
  closeSync(file);
  return hash.digest("hex");
}

/** SHA-256 of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
