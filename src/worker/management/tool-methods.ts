import { networkInterfaces } from "node:os";
import { type OpenedTools, type ServedMethod, serve, toolsDescribe } from "#fleet";
import { findTool } from "#tools";
import { toolTrouble, type ToolSettings, type Units } from "#work";

/** `tools.describe`: nothing of it is a secret, for whoever may run a tool learns it by being refused. */
export function toolMethods({ workTypes }: Pick<Units, "workTypes">): ServedMethod[] {
  return [
    serve(toolsDescribe, () => ({
      tools: workTypes.tools().map(openedTool),
      hostInterfaces: Object.keys(networkInterfaces()),
    })),
  ];
}

function openedTool(type: ToolSettings): OpenedTools["tools"][number] {
  const { targets, interfaces, filters, budget } = type.policy;
  const { allow, named, required } = filters;
  const unusable = toolTrouble(type);
  return {
    name: type.workType,
    summary: findTool(type.workType)?.summary ?? "",
    ...{ targets: [...targets], interfaces: [...interfaces], budget: { ...budget } },
    filters: { allow, named: { ...named }, ...(required !== undefined && { required }) },
    ...(unusable !== undefined && { unusable }),
  };
}
