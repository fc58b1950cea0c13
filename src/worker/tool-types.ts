import { type ToolName, toolNames } from "#tools";
import type { ToolSettings } from "#work";
import { type Directive, directivesOf, splitHostPort, toolPolicy, type Values } from "./settings/mod.ts";

/** The tools of a configuration: `all` stands for those that no other section is about, whatever kind it has. */
export function toolTypesOf(directives: readonly Directive[]): ToolSettings[] {
  const sections = directivesOf(directives, "work-tool").map(({ values }) => values);
  const taken = new Set<string>(directives.flatMap(({ values }) => ("worktype" in values ? values.worktype : [])));
  const own = placesOf(directives);
  return sections.flatMap((values) => {
    const names = values.worktype === "all" ? toolNames.filter((name) => !taken.has(name)) : [values.worktype];
    return names.map((name) => toolOf(name, values, own));
  });
}

function toolOf(workType: ToolName, values: Values<"work-tool">, own: readonly string[]): ToolSettings {
  return {
    kind: "tool",
    workType,
    policy: toolPolicy(values),
    own,
    maxUnits: values.maxunits,
    verifySignature: values.verifysignature,
    ...(values.user !== undefined && { user: values.user }),
  };
}

/** Whom the worker's roads lead to, as `host:port`. */
function placesOf(directives: readonly Directive[]): string[] {
  const urls = [
    ...directivesOf(directives, "ws-peer").flatMap(({ values }) => [values.address, ...(values.alternates ?? [])]),
    ...directivesOf(directives, "http-peer").map(({ values }) => values.url),
    ...directivesOf(directives, "amqp-peer").map(({ values }) => values.url),
  ];
  const addresses = [
    ...directivesOf(directives, "tcp-peer").map(({ values }) => values.address),
    ...directivesOf(directives, "udp-peer").map(({ values }) => values.address),
  ];
  return [
    ...new Set([...urls.flatMap(placeOfUrl), ...addresses.filter((place) => splitHostPort(place) !== undefined)]),
  ];
}

const usualPorts: Readonly<Record<string, string>> = {
  ...{ "ws:": "80", "http:": "80", "wss:": "443", "https:": "443" },
  ...{ "amqp:": "5672", "amqps:": "5671" },
};

function placeOfUrl(text: string | undefined): string[] {
  if (text === undefined || !URL.canParse(text)) return [];
  const { hostname, port, protocol } = new URL(text);
  const number = port === "" ? usualPorts[protocol] : port;
  return number === undefined ? [] : [`${hostname}:${number}`];
}
