import type {
  CommandSettings,
  LocalLoop,
  LoopSettings,
  PythonSettings,
  Retention,
  UseLimits,
  WorkLimits,
  WorkTypeSettings,
} from "#work";
import { type Directive, directivesOf, type NodeSettings, type Values } from "./settings/mod.ts";
import { toolTypesOf } from "./tool-types.ts";

/** The work types of a configuration, in its order. */
export function workTypesOf(directives: readonly Directive[]): WorkTypeSettings[] {
  return [
    ...directivesOf(directives, "work-command").map(({ values }) => commandOf(values)),
    ...directivesOf(directives, "work-python").map(({ values }) => pythonOf(values)),
    ...directivesOf(directives, "work-loop").map(({ values }) => loopOf(values)),
    ...toolTypesOf(directives),
  ];
}

function commandOf(values: Values<"work-command">): CommandSettings {
  return {
    kind: "command",
    workType: values.worktype,
    command: values.command,
    params: values.params ?? "",
    allowRuntimeParams: values.allowruntimeparams,
    verifySignature: values.verifysignature,
    ...limitsOf(values),
    ...usesOf(values),
  };
}

function pythonOf(values: Values<"work-python">): PythonSettings {
  const { worktype: workType, plugin, function: name, config = {} } = values;
  return { kind: "python", workType, plugin, function: name, config, ...limitsOf(values), ...usesOf(values) };
}

function loopOf(values: Values<"work-loop">): LoopSettings {
  const local = localOf(values);
  return {
    kind: "loop",
    workType: values.worktype,
    params: values.params ?? "",
    allowRuntimeParams: values.allowruntimeparams,
    verifySignature: values.verifysignature,
    isRemote: values.remote,
    leaseMs: values.lease,
    attempts: values.attempts,
    output: values.output,
    onServiceLoss: values.onserviceloss,
    serviceLossMs: values.servicelosstime,
    ...(local && { local }),
    ...limitsOf(values),
    ...usesOf(values),
  };
}

function localOf({ loop, command, min, max, idletimeout, maxtasks }: Values<"work-loop">): LocalLoop | undefined {
  const scale = { min, max, idleMs: idletimeout, ...(maxtasks !== undefined && { maxTasks: maxtasks }) };
  if (loop !== undefined) return { program: { kind: "loop", line: loop }, ...scale };
  return command === undefined ? undefined : { program: { kind: "command", path: command }, ...scale };
}

function limitsOf(values: Values<"work-command"> | Values<"work-python"> | Values<"work-loop">): WorkLimits {
  return defined({
    maxRunMs: values.maxruntime,
    maxOutputBytes: values.maxoutput,
    maxUnits: values.maxunits,
    workDir: values.workdir,
    envAllow: values.envallow,
    user: values.user,
    cancelGraceMs: values.cancelgrace,
  });
}

function usesOf(values: Values<"work-command"> | Values<"work-python"> | Values<"work-loop">): UseLimits {
  return defined({
    maxProcesses: values.maxprocesses,
    maxMemoryBytes: values.maxmemory,
    maxCpuMs: values.maxcpu,
  });
}

/** Limits for finished units. */
export function retentionOf({ retention }: NodeSettings): Retention {
  return defined({ maxAgeMs: retention.ageMs, maxUnits: retention.count, maxBytes: retention.bytes });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
