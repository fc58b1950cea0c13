import type { Environment } from "./environment.ts";

/** No secret is longer. */
const maxChars = 65_536;

/**
 * Follows `file:PATH` and `env:NAME`. A variable is taken out of the environment when it is first read, so that no helper
 * inherits it (CAT-106); a file is read each time, so a new secret needs no restart.
 */
export function secretSource(env: Environment, readFile: (path: string) => string): (reference: string) => string {
  const taken = new Map<string, string>();
  return (reference) => {
    const colon = reference.indexOf(":");
    const [kind, place] = [reference.slice(0, colon), reference.slice(colon + 1)] as const;
    const text = kind === "file" ? readFile(place) : takeVariable(place, env, taken);
    if (text === undefined || text.trim() === "" || text.length > maxChars)
      throw new Error(`there is no secret at ${reference}`);
    return text;
  };
}

function takeVariable(name: string, env: Environment, taken: Map<string, string>): string | undefined {
  const value = taken.get(name) ?? env[name];
  if (value !== undefined) taken.set(name, value);
  delete env[name];
  return value;
}
