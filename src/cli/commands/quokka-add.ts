import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** What is said of a worker of Quokka. */
export interface QuokkaAddOptions extends ServerOptions, JsonOptions {
  readonly serial?: string;
  readonly type?: string;
  readonly host?: string;
  readonly connection?: string;
  readonly name?: string;
  readonly label?: readonly string[];
}

/** `farhand quokka add`. */
export const quokkaAdd = {
  name: "quokka add",
  summary: "Enter a worker that runs the program of Quokka",
  details: [
    "Such a worker cannot enrol itself and proves nothing: it is known by serial and type, and taken only from the address it is",
    "entered with. The server takes them where it was started with --quokka.",
  ].join(" "),
  options: [
    { flags: "--serial <serial>", description: "as the program is started with, -S" },
    { flags: "--type <type>", description: "capture, portscan or traceroute: one worker each, -W" },
    {
      flags: "--host <host>",
      description: "its address; its RabbitMQ is there too, as HOST:PORT where it is not at 5672",
    },
    { flags: "--connection <how>", description: "http or rabbitmq, -C; default http" },
    { flags: "--name <name>", description: "what it is called here; SERIAL-TYPE unless said otherwise" },
    { flags: "--label <name=value>", description: "a label it gets", repeatable: true },
    jsonOption,
    serverOption,
  ],
  examples: [["farhand quokka add --serial 111-111-111 --type capture --host 192.0.2.7", "one worker"]],
  async run({ options }, terminal) {
    const { addQuokkaWorker } = await import("../server/quokka.ts");
    await withServer(options, terminal, (api) => addQuokkaWorker(api, options, terminal));
  },
} satisfies Command<QuokkaAddOptions>;
