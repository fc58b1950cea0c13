import type { Command } from "../command.ts";
import { type ConnectionOptions, connectionOptions, withControl } from "../connection.ts";

interface ConnectToOptions extends ConnectionOptions {
  readonly tlsClient?: string;
}

/** `farhand connect` (spec §1.6). */
export const connect = {
  name: "connect",
  summary: "Join stdin and stdout to a service of a node of the mesh",
  arguments: [
    { name: "NODE", description: "id of the node" },
    { name: "SERVICE", description: "name of its service" },
  ],
  options: [
    { flags: "--tls-client <name>", description: "tls-client profile the worker reaches that node with" },
    ...connectionOptions,
  ],
  examples: [["farhand connect node2 control", "speak to the control service of node2 by hand"]],
  async run({ words: [node, service], options }, terminal) {
    const [{ pipeline }, { connectTo }] = await Promise.all([
      import("node:stream/promises"),
      import("../connect-to.ts"),
    ]);
    await withControl(options, terminal, async (control) => {
      const to = { node: node as string, service: service as string, tlsClient: options.tlsClient };
      await connectTo(control, to);
      const stream = control.stream();
      const sending = pipeline(terminal.stdin, stream).catch(() => {});
      for await (const chunk of stream) await terminal.write(chunk as Uint8Array);
      // The other side is done; what stdin still holds has nobody to read it.
      stream.destroy();
      await Promise.race([sending, Promise.resolve()]);
    });
  },
} satisfies Command<ConnectToOptions>;
