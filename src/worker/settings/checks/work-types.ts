import { type PolicyFault, policyFaults } from "#tools";
import { type Directive, type DirectiveOf, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";
import { toolPolicy } from "../tool-policy.ts";

/** Names of work types are unique, and `remote` is the daemon's own. Source: Receptor specification §2.3. */
export function checkWorkTypes(directives: readonly Directive[], faults: Faults): void {
  const seen = new Set(["remote"]);
  for (const directive of directives) {
    checkCommand(directive, faults);
    if (!("worktype" in directive.values)) continue;
    const { worktype } = directive.values;
    if (worktype === "") faults.add(faultOf(directive, "worktype", "a work type must have a name"));
    else if (seen.has(worktype)) {
      const hint = worktype === "remote" ? "that name belongs to work on other nodes; use another" : undefined;
      faults.add(faultOf(directive, "worktype", `work type ${worktype} already registered`, hint));
    }
    seen.add(worktype);
  }
}

/** What would let every unit of the type fail, seen before there is one. */
function checkCommand(directive: Directive, faults: Faults): void {
  if (directive.section === "work-tool") return checkTool(directive, faults);
  if (directive.section === "work-loop") checkLoop(directive, faults);
  else if (directive.section !== "work-command" && directive.section !== "work-python") return;
  const { workdir, envallow = [] } = directive.values;
  const fault = (key: string, message: string, hint: string) => faults.add(faultOf(directive, key, message, hint));
  if (workdir !== undefined && !workdir.startsWith("/")) {
    fault("workdir", `workdir ${workdir} is relative`, "write the whole path, from / on");
  }
  for (const name of envallow.filter((name) => name === "" || name.includes("="))) {
    fault("envallow", `${JSON.stringify(name)} is no name of a variable`, "names only; values come from the daemon");
  }
  if (directive.section === "work-python") {
    // The plugin opens payload and output by itself, in a folder that is the daemon's alone.
    const hint = "leave it out, or start the plugin by a work-command of that user";
    if (directive.values.user !== undefined) fault("user", "a plugin cannot run as another user", hint);
    return;
  }
  const { params = "", allowruntimeparams } = directive.values;
  // With parameters at run time, a submitter may close what is open here.
  if (!allowruntimeparams && !isWhole(params)) {
    fault("params", "params end inside quotes or after a backslash", "close the quote, or write \\\\ for a backslash");
  }
}

const shortestLeaseMs = 100;
const localKeys = ["min", "max", "idletimeout", "maxtasks", "maxprocesses", "maxmemory", "maxcpu"];

/** Which helpers there will be for a type that run loops serve. */
function checkLoop(directive: DirectiveOf<"work-loop">, faults: Faults): void {
  const { loop, command, min, max, lease } = directive.values;
  const fault = (key: string, message: string, hint: string) => faults.add(faultOf(directive, key, message, hint));
  if (loop !== undefined && command !== undefined)
    fault("command", "loop and command exclude each other", "a loop fetches tasks itself, a command is run for each");
  const useless = directive.given.find((key) => localKeys.includes(key));
  if (loop === undefined && command === undefined && useless !== undefined)
    fault(useless, `${useless} without loop or command`, "it is about helpers that this worker starts");
  // Helpers say that they live some times in it, and the machine may have other things to do.
  if (lease < shortestLeaseMs) fault("lease", `lease ${lease}ms is too short`, "the shortest is 100ms");
  if (min > max) fault("min", `min ${min} is more than max ${max}`, "raise max, or lower min");
  if (loop !== undefined && (!isWhole(loop) || loop.trim() === ""))
    fault("loop", "loop is no command line", "a program and its arguments; close every quote");
}

const policyKeys = {
  targets: "targets",
  interfaces: "interfaces",
  named: "filters",
  required: "requiredfilter",
} as const satisfies Record<PolicyFault["part"], string>;

/** What is no host, interface or filter would be found only when somebody asks for it. */
function checkTool(directive: DirectiveOf<"work-tool">, faults: Faults): void {
  for (const { part, reason } of policyFaults(toolPolicy(directive.values)))
    faults.add(faultOf(directive, policyKeys[part], reason));
}

/** Nothing but comments, quoted texts, escaped characters and plain ones. Source: Receptor specification §2.4. */
function isWhole(params: string): boolean {
  const pieces = /(?<=^|[ \t\r\n])#[^\n]*|'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^'"\\]/gsu;
  return params.replaceAll(pieces, "") === "";
}
