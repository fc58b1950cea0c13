import { highwayHash64 } from "./highway-hash.ts";

const maxCachedHashes = 4096;
const hashes = new Map<string, string>();

/**
 * The hash that stands for a node id in data messages (spec §3.5), as 16 hex digits.
 *
 * `localhost` is hashed as it is: whoever means the own node by it says so with the own id.
 */
export function nodeHash(nodeId: string): string {
  const known = hashes.get(nodeId);
  if (known !== undefined) return known;
  const hash = Buffer.from(highwayHash64(Buffer.from(nodeId))).toString("hex");
  // Who asks for so many names does not ask for the same ones; starting afresh is as good as any order of leaving.
  if (hashes.size >= maxCachedHashes) hashes.clear();
  hashes.set(nodeId, hash);
  return hash;
}
