import type { Log, TlsServerSource } from "#core";
import {
  makeBackend,
  makeWebSocketGuest,
  type Mesh,
  openMesh,
  type TlsProfiles,
  tlsProfiles,
  type WebSocketGuest,
} from "#mesh";
import type { OpenAuthority } from "./certificates.ts";
import type { Members } from "./members.ts";
import { roadSettings, type ServerRoad } from "./server-roads.ts";

/** Path of the WebSocket road on the server's port. */
const meshPath = "/mesh";
/** How the server's own certificate is called among the mesh's TLS profiles. */
export const profileName = "farhand-server";

export interface WorkersMeshOptions {
  readonly nodeId: string;
  /** Paths of the server's certificate and its key. */
  readonly cert: string;
  readonly key: string;
  readonly authority: OpenAuthority;
  readonly log: Log;
}

/** The mesh that workers are on with their server, without a road yet. */
export interface WorkersMesh {
  readonly mesh: Mesh;
  readonly tls: TlsProfiles;
}

/** Open it. Workers talk to the server and to nobody else. */
export function openWorkersMesh({ nodeId, cert, key, authority, log }: WorkersMeshOptions): WorkersMesh {
  const ca = authority.files.certificate;
  const tls = tlsProfiles({
    servers: new Map([
      [profileName, { cert, key, clientCas: ca, requireClientCert: true }],
      ["port", { cert, key, clientCas: ca }],
    ]),
    clients: new Map([[profileName, { cert, key, rootCas: ca }]]),
    log,
  });
  const firewallRules = [
    { action: "accept", fromnode: nodeId },
    { action: "accept", tonode: nodeId },
    { action: "drop", fromnode: "/.*/" },
  ];
  return { mesh: openMesh({ nodeId, log, tls, firewallRules, maxAnnouncedStubs: 0 }), tls };
}

export interface WorkersRoadsOptions {
  readonly nodeId: string;
  readonly members: Members;
  readonly portTls: TlsServerSource | undefined;
  /** Besides the one on the server's port. */
  readonly roads: readonly ServerRoad[];
  readonly log: Log;
}

/** Let workers come. @returns what takes their WebSockets off the server's port. @throws {MeshError} when a road cannot be opened. */
export async function openWorkersRoads(
  { mesh, tls }: WorkersMesh,
  { nodeId, members, portTls = tls.server("port"), roads, log }: WorkersRoadsOptions,
): Promise<WebSocketGuest> {
  const proofs = { hub: nodeId, keyOf: (node: string) => members.keyOf(node) };
  const guest = await makeWebSocketGuest({ path: meshPath, tls: portTls, proofs }, log);
  const refuses = (node: string): string | undefined =>
    members.workerOf(node) === undefined ? `${node} is no worker of this server` : undefined;
  await mesh.addBackend(guest, { cost: 1, mustProveId: true, refuses });
  for (const road of roads) {
    const settings = roadSettings(road, { nodeId, tls: tls.server(profileName) });
    // A broker says nothing of who is behind it: there the streams alone prove it, and every one of them has to.
    await mesh.addBackend(await makeBackend(settings, log), { cost: 1, mustProveId: road.kind !== "amqp", refuses });
  }
  return guest;
}
