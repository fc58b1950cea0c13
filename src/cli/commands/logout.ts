import type { Command } from "../command.ts";
import { savedServer, serverOption, type ServerOptions } from "../server/server-options.ts";

/** `farhand logout`. */
export const logout = {
  name: "logout",
  title: "A server and your access to it",
  summary: "End the session, and forget it here",
  options: [serverOption],
  examples: [["farhand logout", "of the server you logged in to last"]],
  async run({ options }, terminal) {
    const run = await import("../server/login.ts");
    const saved = await savedServer(options, terminal.env);
    await run.logout(saved, terminal);
    terminal.say(`logged out of ${saved.name}`);
  },
} satisfies Command<ServerOptions>;
