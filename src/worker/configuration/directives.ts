import { isJsonObject, isList, type Json, Secret } from "#core";
import type { ConfigFault } from "#fleet";
import { SettingsError, type SettingsFault } from "../errors.ts";
import { checkDirectives } from "../settings/checks.ts";
import { type Directive, type DirectiveOf, directivesOf } from "../settings/directive.ts";
import { nodeOf } from "../settings/document.ts";
import { Faults } from "../settings/faults.ts";
import { readDirective } from "../settings/read-directive.ts";
import type { SectionName } from "../settings/sections.ts";
import { loadSettings, type ReadFile } from "../settings/settings-files.ts";
import type { WorkerConfiguration } from "./effective.ts";
import { roadSections } from "./road-sections.ts";
import { watcherFaults } from "./watcher-checks.ts";

/** What the daemon's settings need besides the configuration. */
export interface DirectiveContext {
  /** Where the control socket stands; absent: none. */
  readonly controlSocket?: string | undefined;
  /** Its permissions, 0600 when absent. */
  readonly socketPermissions?: number | undefined;
  /** Id of the server's node, as the membership has it. */
  readonly hub?: string | undefined;
  /** Reads the Receptor files that the configuration names. */
  readonly readFile: ReadFile;
}

/** A section as it would be written in a file in list form, and the place of the document it stands for. */
export interface WrittenSection {
  readonly section: SectionName;
  readonly values: Readonly<Record<string, unknown>>;
  readonly path: string;
  /** Place of a field below {@link path}, where that is not its own name. */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * The daemon's settings that a configuration comes to: the same sections as in Receptor's files, so the daemon knows no
 * second language. A `node` section of an included file is the base; what the document says of the node goes over it.
 *
 * @throws {SettingsError} when {@link directiveFaults} has any.
 */
export function directivesFrom(values: WorkerConfiguration, context: DirectiveContext): Directive[] {
  const { directives, faults } = readAll(values, context);
  if (faults.length > 0)
    throw new SettingsError(
      "SETTINGS_INVALID",
      faults.map(({ path, reason }) => ({ message: `${path}: ${reason}` })),
    );
  return directives;
}

/** A section of a file in list form. */
export type ListSection = Readonly<Record<string, object>>;

/** What a worker that is a server's has besides its membership, as sections in list form with secrets as texts. */
export interface MemberSections {
  /** More fields of its node. */
  readonly node: Readonly<Record<string, unknown>>;
  readonly sections: readonly ListSection[];
  /** Empty where the document names none. */
  readonly roads: readonly ListSection[];
}

/**
 * The same as {@link directivesFrom} for a worker whose membership says what its node is called and by which TLS profile
 * it proves itself. Included files are not among them.
 */
export function memberSections(
  values: WorkerConfiguration,
  context: DirectiveContext & { readonly profile: string },
): MemberSections {
  const own = [...ownSections(values, context), ...workSections(values)];
  const listed = ({ section, values }: WrittenSection): ListSection => ({ [section]: revealed(values) as object });
  const {
    id: _id,
    datadir: _datadir,
    stub: _stub,
    ...node
  } = own.find(({ section }) => section === "node")?.values ?? {};
  return {
    node,
    sections: own.filter(({ section }) => section !== "node" && !isRoad(section)).map(listed),
    roads: values.roads.length === 0 ? [] : roadSections(values, context).map(listed),
  };
}

function isRoad(section: SectionName): boolean {
  return section.endsWith("-peer") || section === "tls-client";
}

/** What only the daemon's settings know to be wrong (CAT-76, second depth), by place of the document. */
export function directiveFaults(values: WorkerConfiguration, context: DirectiveContext): ConfigFault[] {
  return readAll(values, context).faults;
}

function readAll(values: WorkerConfiguration, context: DirectiveContext) {
  const sections = [...ownSections(values, context), ...workSections(values)];
  const faults: ConfigFault[] = [];
  const read = sections.flatMap((section, n) => {
    const own = new Faults();
    const node = nodeOf(revealed(section.values));
    // The line is the section's number: so a later fault is led back to the place it came from.
    const directive = readDirective(section.section, node, { form: "list", position: { line: n, column: 1 } }, own);
    faults.push(...faultsIn(own).map((fault) => placed(fault, section)));
    return directive ?? [];
  });
  const { included, fileFaults } = includedFiles(values.files, context.readFile);
  const directives = withNodeOfFiles([...read, ...included]);
  if (faults.length > 0 || fileFaults.length > 0) return { directives: [], faults: [...faults, ...fileFaults] };
  const together = new Faults();
  checkDirectives(directives, together);
  return {
    directives: directives.map((directive) => withoutPlace(directive, read)),
    faults: [...faultsIn(together).map((fault) => placedLater(fault, sections)), ...watcherFaults(values, directives)],
  };
}

function ownSections(values: WorkerConfiguration, context: DirectiveContext): WrittenSection[] {
  const { identity, dataDir, helpers, limits, log, roads, server, files } = values;
  const hasRoads = roads.length > 0 || server.urls.length > 0;
  const node = given({
    id: identity.name,
    datadir: dataDir,
    helpers: helpers.count,
    retentionage: limits.retentionAge,
    retentioncount: limits.retentionCount,
    retentionbytes: limits.retentionBytes,
    // Who hangs off the server alone takes no part in routing (design §4.2).
    stub: hasRoads && files.length === 0 ? true : null,
  });
  // Of a server's worker, or one with a road to anybody, nothing is on the mesh but what asks who is there: whoever holds the
  // road could order work past its roles, its policy and the audit. A section of `files` may still open it.
  const service = hasRoads ? "" : "control";
  const control = { service, filename: context.controlSocket, permissions: context.socketPermissions };
  return [
    { section: "node", values: node, path: "", fields: nodeFields },
    { section: "log-level", values: { ...log }, path: "/log" },
    ...roadSections(values, { hub: context.hub }),
    ...(context.controlSocket
      ? [{ section: "control-service", values: given(control), path: "/socket" } as const]
      : []),
  ];
}

const nodeFields = {
  id: "/identity/name",
  datadir: "/dataDir",
  helpers: "/helpers/count",
  retentionage: "/limits/retentionAge",
  retentioncount: "/limits/retentionCount",
  retentionbytes: "/limits/retentionBytes",
};

function workSections({ workTypes, tools }: WorkerConfiguration): WrittenSection[] {
  return [...workTypes.map(workSection), ...Object.entries(tools).map(toolSection)];
}

function toolSection([worktype, values]: [string, Readonly<Record<string, unknown>>]): WrittenSection {
  const path = `/tools/${worktype.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  // The name is the key of the document: one more in the values would be another tool.
  return { section: "work-tool", values: { ...values, worktype }, path, fields: { worktype: "" } };
}

function workSection({ kind = "command", ...values }: WorkerConfiguration["workTypes"][number], n: number) {
  return { section: `work-${kind}`, values, path: `/workTypes/${n}` } satisfies WrittenSection;
}

function includedFiles(files: readonly string[], readFile: ReadFile) {
  const fileFaults: ConfigFault[] = [];
  const included = files.flatMap((file, n) => {
    const faults = new Faults();
    const directives = loadSettings(file, readFile, faults);
    for (const { message, line } of faultsIn(faults))
      fileFaults.push({ path: `/files/${n}`, reason: line === undefined ? message : `line ${line}: ${message}` });
    // How this worker logs is said by its own document.
    return directives.filter(({ section }) => section !== "log-level");
  });
  return { included, fileFaults };
}

/** One node section of several: the document's over that of a file. */
function withNodeOfFiles(directives: readonly Directive[]): Directive[] {
  const [own, ...ofFiles] = directivesOf(directives, "node");
  if (!own || ofFiles.length === 0) return [...directives];
  const nodes = [...ofFiles, own];
  const valuesOf = (node: DirectiveOf<"node">, n: number) =>
    Object.entries(node.values).filter(([key]) => n === 0 || node.given.includes(key));
  const values = Object.fromEntries(nodes.flatMap(valuesOf));
  const given = [...new Set(nodes.flatMap((node) => node.given))];
  const merged = { ...own, values, given } as unknown as DirectiveOf<"node">;
  return [merged, ...directives.filter(({ section }) => section !== "node")];
}

/** The lines that were only ours. */
function withoutPlace(directive: Directive, own: readonly Directive[]): Directive {
  const isOwn = directive.section === "node" || own.includes(directive);
  return isOwn ? { ...directive, at: { form: "list", keys: new Map() } } : directive;
}

function faultsIn(faults: Faults): readonly SettingsFault[] {
  try {
    faults.throwIfAny();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

function placed({ key, message, hint }: SettingsFault, { path, fields }: WrittenSection): ConfigFault {
  const below = key === undefined ? "" : (fields?.[key] ?? `/${key}`);
  return { path: `${path}${below}`, reason: hint === undefined ? message : `${message} (${hint})` };
}

function placedLater(fault: SettingsFault, sections: readonly WrittenSection[]): ConfigFault {
  const section = fault.file === undefined && fault.line !== undefined ? sections[fault.line] : undefined;
  if (section) return placed(fault, section);
  const { message, file, line } = fault;
  return { path: "/files", reason: `${[file, line].filter((part) => part !== undefined).join(":")}: ${message}` };
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}

/** The same with secrets as the texts they are: this goes to the daemon and nowhere else. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (isList(value as Json)) return (value as unknown[]).map(revealed);
  if (!isJsonObject(value as Json)) return value;
  return Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, revealed(inner)]));
}
