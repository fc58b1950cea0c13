import { parseNetwork } from "./address.ts";
import { filterFault } from "./filter.ts";
import { allowedInterface } from "./interface.ts";
import type { ToolPolicy } from "./wire.ts";

/** What is wrong with an allow-list, and in which part of it. */
export interface PolicyFault {
  readonly part: "targets" | "interfaces" | "named" | "required";
  readonly reason: string;
}

/** Everything that can be said against a worker's allow-lists without looking at its machine. */
export function policyFaults({ targets, interfaces, filters }: Omit<ToolPolicy, "budget">): PolicyFault[] {
  const { named, required = "" } = filters;
  return [
    ...targets.filter((entry) => !isTarget(entry)).map((entry) => fault("targets", `${entry} is no host`)),
    ...interfaces.filter((name) => !isInterface(name)).map((name) => fault("interfaces", `${name} is no interface`)),
    ...Object.entries(named).flatMap(([name, filter]) => namedFault(name, filter)),
    ...filterFaults("required", required),
  ];
}

function isTarget(entry: string): boolean {
  if (entry === "any" || entry === "private" || parseNetwork(entry)) return true;
  return /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(entry) && !/^[\d.]+$/.test(entry);
}

function isInterface(name: string): boolean {
  try {
    return name !== "" && allowedInterface(name, [name]) === name;
  } catch {
    return false;
  }
}

function namedFault(name: string, filter: unknown): PolicyFault[] {
  if (!/^[A-Za-z0-9][\w.-]{0,31}$/.test(name)) return [fault("named", `${name} is no name of a filter`)];
  return typeof filter === "string" ? filterFaults("named", filter) : [fault("named", `@${name} is no text`)];
}

function filterFaults(part: PolicyFault["part"], filter: string): PolicyFault[] {
  const wrong = filterFault(filter);
  return wrong === undefined ? [] : [fault(part, `${filter} is no filter: ${wrong}`)];
}

const fault = (part: PolicyFault["part"], reason: string): PolicyFault => ({ part, reason });
