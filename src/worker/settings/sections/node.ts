import { boolean, duration, integer, maps, size, text } from "../field.ts";
import type { SectionTable } from "../section.ts";

/** Where Receptor keeps units when it is not told. */
export const defaultDataDir = "/tmp/receptor";

const unused = "Accepted for the sake of Receptor files; has no effect.";

/** The node itself and its log. Source: Receptor specification §5.4. */
export const nodeSections = {
  node: {
    description: "The node: its id, where it keeps units, and how many of them.",
    mapName: "node",
    inMap: "single",
    phase: "init",
    singleton: true,
    fields: {
      id: text("Name of this node. Without it the host name is taken.", { bare: true }),
      datadir: text("Folder that holds the units, in a subfolder named like the node.", { default: defaultDataDir }),
      firewallrules: maps(
        "Rules about mesh messages; keys `action` (accept, reject, drop), `fromnode`, `tonode`, `fromservice`, `toservice`.",
      ),
      maxidleconnectiontimeout: duration("How long a mesh connection may be silent; at least 21s.", {
        invalid: () =>
          "failed to parse MaxIdleConnectionTimeout from configuration file -- " +
          "valid examples include '1.5h', '30m', '30m10s'",
      }),
      receptorkubesupportreconnect: text(unused),
      receptorkubeclientsetqps: text(unused),
      receptorkubeclientsetburst: text(unused),
      receptorkubeclientsetratelimiter: text(unused),
      reportversion: text("Version that `status` reports, when it shall not be Farhand's own.", { own: true }),
      stub: boolean(
        "Hang off one hub and take no part in the mesh's routing; for the many workers of a large installation.",
        { own: true, default: false },
      ),
      maxannouncedstubs: integer(
        "On a hub: how many of its stubs the other nodes are told of. The rest is reached from this node only.",
        { own: true, default: 500, min: 0, max: 100_000 },
      ),
      workrules: maps(
        "Who may do what with work, first match decides, none accepts; keys `action` (accept, reject), `from` (unix, tcp, tls, mesh), `fromnode`, `tonode`, `worktype`, `command`. See [allow work](tasks/allow-work.md).",
        { own: true },
      ),
      retentionage: duration("Finished units older than this are removed.", { own: true, min: 0 }),
      retentioncount: integer("No more finished units than this are kept; the oldest go first.", { own: true, min: 0 }),
      retentionbytes: size("Finished units together take no more than this; the oldest go first.", { own: true }),
      helpers: integer("How many helper processes mind commands at most. The daemon chooses when absent.", {
        own: true,
        min: 1,
        max: 256,
      }),
    },
  },
  "log-level": {
    description: "What is logged, and how. Without the section: info.",
    mapName: "log-level",
    inMap: "single",
    phase: "init",
    singleton: true,
    fields: {
      level: text("error, warning, info or debug.", {
        bare: true,
        default: "error",
        values: ["error", "warning", "info", "debug"],
        invalid: (written) => `${written} is not a valid log level name`,
      }),
      format: text("receptor (lines `LEVEL yyyy/mm/dd hh:mm:ss message`), json, or pretty.", {
        own: true,
        default: "receptor",
        values: ["receptor", "json", "pretty"],
      }),
    },
  },
  trace: {
    description: "Accepted for the sake of Receptor files; has no effect.",
    mapName: "trace",
    inMap: "single",
    phase: "init",
    singleton: true,
    fields: {},
  },
  "local-only": {
    description: "Runs the node without any mesh connection.",
    mapName: "local-only",
    inMap: "single",
    phase: "run",
    singleton: true,
    reloadable: true,
    fields: { local: boolean("Ignored.") },
  },
} as const satisfies SectionTable;
