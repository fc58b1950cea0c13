import { boolean, duration, float, floats, integer, text, texts } from "../field.ts";
import type { SectionTable } from "../section.ts";

const cost = float("Cost of a connection, above 0.", { default: 1 });
const nodecost = floats("Cost of the connection to a node, by node id.");
const allowedpeers = texts("Ids of the nodes that may connect; all when absent, none when empty.");
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
const path = text("Path of the URL; one that ends in a slash takes everything below it.", { default: "/" });
const extraheader = text("A header to send, `Key: value`.");
const provennodeid = boolean("Only neighbours whose certificate names the id they give; needs tls.", {
  own: true,
  default: false,
});
const proxy = text("URL of the HTTP proxy; the one of the environment when absent.", { own: true });
const redialmax = duration("Longest pause between two dials; each pause is longer than the one before.", {
  own: true,
  default: 20_000,
});
const urlfile = text("File with the URL, for one that holds a password.", { own: true, file: true });
const broker = {
  url: text("URL of the broker, amqp:// or amqps://.", { bare: true }),
  urlfile,
  prefix: text("What the names of the queues begin with; the same at both ends.", { default: "farhand" }),
  tls: clientProfile,
};
const backend = { inMap: "list", phase: "run", reloadable: true } as const;

/** Roads to neighbours. Source: Receptor specification §5.4. */
export const backendSections = {
  "tcp-listener": {
    ...backend,
    description: "Takes mesh connections over TCP.",
    mapName: "tcp-listeners",
    fields: { ...listener, tls: serverProfile, provennodeid },
  },
  "ws-listener": {
    ...backend,
    description: "Takes mesh connections over WebSocket.",
    mapName: "ws-listeners",
    fields: { ...listener, tls: serverProfile, provennodeid, path },
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
      provennodeid,
    },
  },
  "ws-peer": {
    ...backend,
    description: "Connects to a mesh node over WebSocket.",
    mapName: "ws-peers",
    fields: {
      address: text("URL of the node, ws:// or wss://.", { required: true, bare: true }),
      alternates: texts("More URLs of the same node, tried in order when the first does not answer.", { own: true }),
      ...peer,
      redialmax,
      extraheader,
      proxy,
      proofkey: text("Ed25519 key, PEM, that proves this node's id to a listener that cannot see its certificate.", {
        own: true,
        file: true,
      }),
      tls: clientProfile,
      provennodeid,
    },
  },
  "udp-peer": {
    ...backend,
    description: "Connects to a mesh node over UDP.",
    mapName: "udp-peers",
    fields: { address: text("host:port of the node.", { required: true, bare: true }), ...peer },
  },
  "http-listener": {
    ...backend,
    own: true,
    description: "Takes mesh connections over HTTP, by POST and long poll.",
    mapName: "http-listeners",
    fields: { ...listener, tls: serverProfile, provennodeid, path },
  },
  "http-peer": {
    ...backend,
    own: true,
    description: "Connects to a mesh node over HTTP, through whatever proxies there are.",
    mapName: "http-peers",
    fields: {
      url: text("URL of the node, http:// or https://.", { bare: true }),
      urlfile,
      ...peer,
      extraheader,
      proxy,
      tls: clientProfile,
      provennodeid,
    },
  },
  "amqp-listener": {
    ...backend,
    own: true,
    description: "Takes mesh connections through a RabbitMQ that both ends can reach.",
    mapName: "amqp-listeners",
    fields: { ...broker, cost, nodecost, allowedpeers },
  },
  "amqp-peer": {
    ...backend,
    own: true,
    description: "Connects to a mesh node through a RabbitMQ.",
    mapName: "amqp-peers",
    fields: { ...broker, hub: text("Id of the node that has the amqp-listener.", { required: true }), ...peer },
  },
} as const satisfies SectionTable;
