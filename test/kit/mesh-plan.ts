/** Whose program runs a node: ours, or the real Receptor at `RECEPTOR_BIN`. */
export type Program = "ours" | "theirs";

/** The real Receptor to test against; undefined where nobody named one. */
export const receptorBin = process.env.RECEPTOR_BIN;

export interface NodePlan {
  /** Ours, unless told otherwise. */
  readonly program?: Program | undefined;
  /**
   * What its file holds beside node, control service and roads, in Receptor's list form. `{place}` stands for the node's
   * folder, `{shared}` for that of the mesh.
   */
  readonly sections?: string | undefined;
  /** More keys of its section `node`. */
  readonly about?: Readonly<Record<string, unknown>> | undefined;
  /** False: ours runs as on a machine that the QUIC engine does not exist for. */
  readonly hasQuic?: boolean | undefined;
  /** The tls-server profile of its control service on the mesh; none, unless told otherwise. */
  readonly controlTls?: string | undefined;
}

/** `amqp` leads through a RabbitMQ that the mesh starts for itself. */
export type RoadKind = "tcp" | "ws" | "udp" | "http" | "amqp";

/** A road: `from` dials, `to` listens. */
export interface RoadPlan {
  readonly kind: RoadKind;
  readonly from: string;
  readonly to: string;
  /** Both ends show a certificate. Not for udp and amqp. */
  readonly tls?: boolean | undefined;
  readonly cost?: number | undefined;
}

/** Nodes by id, and the roads between them. Nodes start in this order: name listeners before those that dial them. */
export interface MeshPlan {
  readonly nodes: Readonly<Record<string, NodePlan>>;
  readonly roads: readonly RoadPlan[];
}

/** A road with the ports it was given. */
export interface LaidRoad extends RoadPlan {
  /** Of the listener; of the broker where there is one between. */
  readonly listenPort: number;
  /** Where the dialer is sent: a cable that can be cut, or the listener itself. */
  readonly dialPort: number;
}

/** A node's whole settings file, in Receptor's list form. Each item is a mapping: receptorctl reads these files too. */
export function settingsOf(id: string, node: NodePlan, roads: readonly LaidRoad[]): string {
  const control = { filename: "{place}/s", ...(node.controlTls && { tls: node.controlTls }) };
  return [
    item("node", { id, datadir: "{place}/data", ...node.about }),
    item("log-level", { level: "debug" }),
    item("local-only", {}),
    ...(roads.some(({ tls }) => tls) ? [roadProfiles] : []),
    ...roads.filter(({ to }) => to === id).map(listenerItem),
    ...roads.filter(({ from }) => from === id).map(peerItem),
    item("control-service", control),
    node.sections ?? "",
  ].join("\n");
}

/** JSON is YAML, and nothing in it depends on the indentation. */
function item(section: string, fields: Readonly<Record<string, unknown>>): string {
  return `- ${section}: ${JSON.stringify(fields)}`;
}

/** Certificates for addresses, not for node ids: roads are checked by address (Receptor specification §4.5). */
const roadProfiles = [
  item("tls-server", {
    ...{ name: "road", cert: "{shared}/server.crt", key: "{shared}/server.key" },
    ...{ requireclientcert: true, clientcas: "{shared}/ca.crt", skipreceptornamescheck: true },
  }),
  item("tls-client", {
    ...{ name: "road", cert: "{shared}/client.crt", key: "{shared}/client.key" },
    ...{ rootcas: "{shared}/ca.crt", skipreceptornamescheck: true },
  }),
].join("\n");

function listenerItem({ kind, tls, cost, listenPort }: LaidRoad): string {
  if (kind === "amqp") return item("amqp-listener", { url: brokerUrl(listenPort), ...termsOf(tls, cost) });
  return item(`${kind}-listener`, { port: listenPort, bindaddr: "127.0.0.1", ...termsOf(tls, cost) });
}

function peerItem({ kind, to, tls, cost, dialPort }: LaidRoad): string {
  const terms = termsOf(tls, cost);
  const at = `127.0.0.1:${dialPort}`;
  switch (kind) {
    case "tcp":
    case "udp":
      return item(`${kind}-peer`, { address: at, ...terms });
    case "ws":
      return item("ws-peer", { address: `${tls ? "wss" : "ws"}://${at}/`, ...terms });
    case "http":
      return item("http-peer", { url: `${tls ? "https" : "http"}://${at}/`, ...terms });
    case "amqp":
      return item("amqp-peer", { url: brokerUrl(dialPort), hub: to, ...terms });
  }
}

/** The user that a new RabbitMQ has, for connections of its own machine. */
function brokerUrl(port: number): string {
  return `amqp://guest:guest@127.0.0.1:${port}`;
}

function termsOf(tls: boolean | undefined, cost: number | undefined) {
  return { ...(tls && { tls: "road" }), ...(cost !== undefined && { cost }) };
}
