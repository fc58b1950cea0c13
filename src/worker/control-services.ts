import { type ControlCommand, type ReservedListener, reserveControlListener } from "#control";
import type { Closers, Log } from "#core";
import type { Mesh, MeshStream, TlsProfiles } from "#mesh";
import type { Values } from "./settings/mod.ts";

/** What control services of a node share. */
export interface ControlServicesOptions {
  readonly commands: readonly ControlCommand[];
  readonly mesh: Pick<Mesh, "nodeId" | "listen">;
  readonly profiles: TlsProfiles;
  readonly log: Log;
  /** What is opened is added here. */
  readonly closers: Closers;
}

/**
 * Open a control service on the mesh (spec §1.13); its socket and its port (§1.1) open when {@link ReservedListener.listen}
 * is called, and with them the worker says that it is ready.
 *
 * @throws {ControlError | TlsProfileError | MeshError}
 */
export async function openControlService(
  values: Values<"control-service">,
  { commands, mesh, profiles, log, closers }: ControlServicesOptions,
): Promise<ReservedListener> {
  const { service, filename, permissions, tcplisten: tcpListen, tcptls, tls } = values;
  const reserved = closers.add(
    await reserveControlListener({
      filename,
      permissions,
      tcpListen,
      tcpTls: tcptls ? profiles.server(tcptls) : undefined,
      onMesh: service !== "",
      nodeId: mesh.nodeId,
      commands,
      log,
    }),
  );
  if (service === "") return reserved;
  const tags = { type: "Control Service" };
  const accept = (stream: MeshStream): void => reserved.serve(stream, "mesh", stream.remoteNode);
  closers.add(mesh.listen(service, { tls: tls || undefined, tags, accept }));
  return reserved;
}
