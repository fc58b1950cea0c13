import { readFileSync } from "node:fs";

/** Version of this program. Read here and not asked of the worker's room, which would load all of the daemon. */
export function programVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
