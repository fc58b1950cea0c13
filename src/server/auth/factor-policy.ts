import { ServerError } from "../errors.ts";
import type { FactorPolicy } from "./factors.ts";
import { isRole, roles } from "./roles.ts";

const rules = ["off", "optional", "required"] as const;

/**
 * What the words of the setting say: `admin=required`, one for each role (CAT-66).
 *
 * @throws {ServerError} SETTINGS_INVALID.
 */
export function factorPolicy(words: readonly string[]): Partial<FactorPolicy> {
  return Object.fromEntries(words.map(ruleOf));
}

function ruleOf(word: string): [string, FactorPolicy[keyof FactorPolicy]] {
  const [role, text] = word.split("=");
  const rule = rules.find((known) => known === text);
  if (isRole(role) && rule) return [role, rule];
  const known = `${roles.join(", ")} and ${rules.join(", ")}`;
  throw new ServerError("SETTINGS_INVALID", `factor: ${word} is no ROLE=RULE of ${known}`);
}
