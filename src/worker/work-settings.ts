import type { CommandSettings, PythonSettings, Retention, WorkLimits, WorkTypeSettings } from "#work";
import { type Directive, directivesOf, type NodeSettings, type Values } from "./settings/mod.ts";

/** The work types of a configuration, in its order. */
export function workTypesOf(directives: readonly Directive[]): WorkTypeSettings[] {
  return [
    ...directivesOf(directives, "work-command").map(({ values }) => commandOf(values)),
    ...directivesOf(directives, "work-python").map(({ values }) => pythonOf(values)),
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
  };
}

function pythonOf(values: Values<"work-python">): PythonSettings {
  const { worktype: workType, plugin, function: name, config = {} } = values;
  return { kind: "python", workType, plugin, function: name, config, ...limitsOf(values) };
}

function limitsOf(values: Values<"work-command"> | Values<"work-python">): WorkLimits {
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

/** Limits for finished units. */
export function retentionOf({ retention }: NodeSettings): Retention {
  return defined({ maxAgeMs: retention.ageMs, maxUnits: retention.count, maxBytes: retention.bytes });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
