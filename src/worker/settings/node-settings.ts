import { SettingsError } from "../errors.ts";
import { nodeIdFault } from "./checks/node.ts";
import { type Directive, directivesOf, type Values } from "./directive.ts";
import { defaultDataDir } from "./sections/node.ts";

/** The node section with nothing left open. Durations are milliseconds, sizes bytes. */
export interface NodeSettings {
  readonly nodeId: string;
  readonly dataDir: string;
  /** The id was not given: it is the host's name. */
  readonly isHostName: boolean;
  readonly maxIdleConnectionMs: number | undefined;
  readonly firewallRules: readonly Readonly<Record<string, unknown>>[];
  /** Rules about work, as they stand in the settings. */
  readonly workRules: readonly Readonly<Record<string, unknown>>[];
  /** It hangs off one hub (design §4.2). */
  readonly isStub: boolean;
  /** Its own stubs that other nodes are told of at most; undefined leaves it to the mesh. */
  readonly maxAnnouncedStubs: number | undefined;
  /** What `status` says; undefined for Farhand's own version. */
  readonly reportVersion: string | undefined;
  /** Limits for finished units; undefined is none. */
  readonly retention: {
    readonly ageMs: number | undefined;
    readonly count: number | undefined;
    readonly bytes: number | undefined;
  };
  /** Most helper processes; undefined leaves it to the daemon. */
  readonly helpers: number | undefined;
}

/**
 * Settings of the node; without a node section, or without an id, the host's name is the id.
 *
 * @throws {SettingsError} when that name is reserved or useless. Source: Receptor specification §5.4.
 */
export function nodeSettings(directives: readonly Directive[], hostname: string): NodeSettings {
  const [node] = directivesOf(directives, "node");
  const values: Partial<Values<"node">> = node?.values ?? {};
  return {
    nodeId: values.id || nodeIdOf(hostname),
    isHostName: !values.id,
    dataDir: values.datadir || defaultDataDir,
    maxIdleConnectionMs: values.maxidleconnectiontimeout,
    firewallRules: values.firewallrules ?? [],
    workRules: values.workrules ?? [],
    isStub: values.stub ?? false,
    maxAnnouncedStubs: values.maxannouncedstubs,
    reportVersion: values.reportversion,
    retention: { ageMs: values.retentionage, count: values.retentioncount, bytes: values.retentionbytes },
    helpers: values.helpers,
  };
}

function nodeIdOf(hostname: string): string {
  const fault = hostnameFault(hostname);
  if (fault === undefined) return hostname;
  const hint = "give the node an id: `node: {id: NAME}`, or --node id=NAME";
  throw new SettingsError("SETTINGS_INVALID", [{ message: fault, section: "node", key: "id", hint }]);
}

function hostnameFault(hostname: string): string | undefined {
  if (/^localhost(\.|$)/i.test(hostname)) return "no node ID specified and local host name is localhost";
  return hostname === "" ? "no node ID specified and this machine has no name" : nodeIdFault(hostname);
}
