import { boolean, float, floats, integer, text, texts } from "../field.ts";
import type { SectionTable } from "../section.ts";

const later = "joining a mesh";

const cost = float("Cost of a connection, above 0.", { default: 1 });
const nodecost = floats("Cost of the connection to a node, by node id.");
const allowedpeers = texts("Ids of the nodes that may connect; all when empty.");
const redial = boolean("Dial again when the connection is lost.", { default: true });
const serverProfile = text("Name of a tls-server profile.", { profile: "tls-server" });
const clientProfile = text("Name of a tls-client profile.", { profile: "tls-client" });

const listener = {
  port: integer("Port; 0 takes any free one.", { required: true, bare: true, min: 0, max: 65_535 }),
  bindaddr: text("Address to listen on.", { default: "0.0.0.0" }),
  cost,
  nodecost,
  allowedpeers,
};

const peer = { redial, cost, allowedpeers };
const backend = { inMap: "list", phase: "run", reloadable: true, later } as const;

/** Roads to neighbours. Source: Receptor specification §5.4. */
export const backendSections = {
  "tcp-listener": {
    ...backend,
    description: "Takes mesh connections over TCP.",
    mapName: "tcp-listeners",
    fields: { ...listener, tls: serverProfile },
  },
  "ws-listener": {
    ...backend,
    description: "Takes mesh connections over WebSocket.",
    mapName: "ws-listeners",
    fields: { ...listener, tls: serverProfile, path: text("Path of the URL.", { default: "/" }) },
  },
  "udp-listener": {
    ...backend,
    description: "Takes mesh connections over UDP.",
    mapName: "udp-listeners",
    fields: listener,
  },
  "tcp-peer": {
    ...backend,
    description: "Connects to a mesh node over TCP.",
    mapName: "tcp-peers",
    fields: {
      address: text("host:port of the node.", { required: true, bare: true }),
      ...peer,
      tls: clientProfile,
    },
  },
  "ws-peer": {
    ...backend,
    description: "Connects to a mesh node over WebSocket.",
    mapName: "ws-peers",
    fields: {
      address: text("URL of the node, ws:// or wss://.", { required: true, bare: true }),
      ...peer,
      extraheader: text("A header to send, `Key: value`."),
      tls: clientProfile,
    },
  },
  "udp-peer": {
    ...backend,
    description: "Connects to a mesh node over UDP.",
    mapName: "udp-peers",
    fields: { address: text("host:port of the node.", { required: true, bare: true }), ...peer },
  },
} as const satisfies SectionTable;
