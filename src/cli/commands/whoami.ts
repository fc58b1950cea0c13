import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

/** `farhand whoami`. */
export const whoami = {
  name: "whoami",
  title: "A server and your access to it",
  summary: "Say who you are on a server",
  options: [jsonOption, serverOption],
  examples: [["farhand whoami", "user, role, and whether a second factor is set up"]],
  async run({ options }, terminal) {
    const { meLines } = await import("../server/people-text.ts");
    const [me, url] = await withServer(
      options,
      terminal,
      async (api) => [await api.ask("GET", "/me"), api.url] as const,
    );
    if (options.json) terminal.print(JSON.stringify(me));
    else for (const line of meLines(me, url, terminal.colours)) terminal.print(line);
  },
} satisfies Command<ServerOptions & JsonOptions>;
