import { ToolError } from "./errors.ts";
import type { Budget } from "./wire.ts";

/** What a run may use unless the worker's configuration says something else. */
export const defaultBudget: Budget = {
  seconds: 300,
  packets: 1_000_000,
  bytes: 256 * 1024 * 1024,
  targets: 256,
  ports: 4_096,
  probesPerSecond: 1_000,
};

/**
 * The lower of asked and allowed, for what can be cut short; a scan that left some out would lie.
 *
 * @throws {ToolError} `BUDGET_EXCEEDED` for more targets or ports than allowed.
 */
export function grantedBudget(asked: Partial<Budget>, allowed: Budget): Budget {
  const least = (name: keyof Budget): number => Math.min(asked[name] ?? allowed[name], allowed[name]);
  for (const name of ["targets", "ports"] as const) {
    const wanted = asked[name] ?? 0;
    if (wanted > allowed[name]) {
      throw new ToolError(
        "BUDGET_EXCEEDED",
        `${wanted} ${name} were asked for, and this worker allows ${allowed[name]} in one run: ask for fewer, or raise its \`max${name}\``,
      );
    }
  }
  return {
    seconds: least("seconds"),
    packets: least("packets"),
    bytes: least("bytes"),
    targets: allowed.targets,
    ports: allowed.ports,
    probesPerSecond: least("probesPerSecond"),
  };
}
