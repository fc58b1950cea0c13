import type { ControlClient } from "#control";

/**
 * From here on the connection speaks to the control service of another node (spec §1.6, §6.3).
 *
 * Its banner comes by itself; the empty line sent to ask for it is one a control service ignores.
 */
export async function overNode(control: ControlClient, node: string, tlsClient = ""): Promise<void> {
  await control.callLine({ command: "connect", node, service: "control", ...(tlsClient && { tls: tlsClient }) });
  await control.callLine("");
}
