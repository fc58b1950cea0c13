import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface ForwardOptions extends ServerOptions {
  readonly listen?: string;
  readonly stdio?: true;
}

/** `farhand forward`. */
export const forward = {
  name: "forward",
  title: "Workers of a server",
  summary: "Reach a TCP service of a worker that has no open port: a page, a database, ssh",
  details:
    "The worker's configuration names its services (`tcpServices`), and who may reach them. What connects to the " +
    "address here speaks with the service there, WebSockets and all; every user of this machine may.",
  arguments: [
    { name: "WORKER", description: "name or id of the worker" },
    { name: "SERVICE", description: "name of the service in the worker's configuration" },
  ],
  options: [
    {
      flags: "--listen <address>",
      description: "where to listen: PORT, HOST:PORT or unix:PATH; without it a free port of 127.0.0.1",
    },
    { flags: "--stdio", description: "join stdin and stdout to the service instead, as ssh's ProxyCommand wants it" },
    serverOption,
  ],
  examples: [
    ["farhand forward brno-4 grafana --listen 3000", "then open http://127.0.0.1:3000"],
    ["ssh -o ProxyCommand='farhand forward %h ssh --stdio' brno-4", "ssh to a worker behind a firewall"],
  ],
  async run({ words, options }, terminal) {
    const [{ forwardPort, forwardStdio }, { listenPlace }, { hearInterrupts }] = await Promise.all([
      import("../server/forward.ts"),
      import("../server/listen-place.ts"),
      import("../interrupts.ts"),
    ]);
    const target = { worker: words[0] as string, service: words[1] as string };
    const place = listenPlace(options.listen);
    const interrupts = hearInterrupts();
    try {
      await withServer(options, terminal, (api) =>
        options.stdio
          ? forwardStdio(api, target, terminal, interrupts.signal)
          : forwardPort(api, target, place, terminal, interrupts.signal),
      );
    } finally {
      interrupts.close();
    }
  },
} satisfies Command<ForwardOptions>;
