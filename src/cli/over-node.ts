import type { ControlClient } from "#control";
import { connectTo } from "./connect-to.ts";

/**
 * From here on the connection speaks to the control service of another node (spec §1.6, §6.3).
 *
 * Its banner comes by itself; the empty line sent to ask for it is one a control service ignores.
 */
export async function overNode(control: ControlClient, node: string, tlsClient = ""): Promise<void> {
  await connectTo(control, { node, service: "control", tlsClient });
  await control.callLine("");
}
