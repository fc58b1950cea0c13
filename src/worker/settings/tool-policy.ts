import type { ToolPolicy } from "#tools";
import type { Values } from "./directive.ts";

/** What a `work-tool` section lets be done. */
export function toolPolicy(values: Values<"work-tool">): ToolPolicy {
  const { targets, interfaces, filter, filters = {}, requiredfilter } = values;
  return {
    targets,
    interfaces,
    filters: {
      allow: filter,
      // Checked when the settings were read: all of them are texts.
      named: filters as Readonly<Record<string, string>>,
      ...(requiredfilter !== undefined && { required: requiredfilter }),
    },
    budget: {
      seconds: values.maxseconds,
      packets: values.maxpackets,
      bytes: values.maxbytes,
      targets: values.maxtargets,
      ports: values.maxports,
      probesPerSecond: values.maxrate,
    },
  };
}
