import { type ControlCommand, type ControlListener, openControlListener } from "#control";
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
 * Open a control service on its socket, its port and the mesh (spec §1.1, §1.13).
 *
 * @returns where it can be reached without the mesh. @throws {ControlError | TlsProfileError | MeshError}
 */
export async function openControlService(
  values: Values<"control-service">,
  { commands, mesh, profiles, log, closers }: ControlServicesOptions,
): Promise<readonly string[]> {
  const { service, filename, permissions, tcplisten: tcpListen, tcptls, tls } = values;
  const listener: ControlListener = closers.add(
    await openControlListener({
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
  if (service !== "") {
    const tags = { type: "Control Service" };
    const accept = (stream: MeshStream): void => listener.serve(stream, "mesh", stream.remoteNode);
    closers.add(mesh.listen(service, { tls: tls || undefined, tags, accept }));
  }
  return listener.addresses;
}
