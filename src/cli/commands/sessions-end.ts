import type { Command } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface SessionsEndOptions extends ServerOptions {
  readonly others?: true;
  readonly user?: string;
}

/** `farhand sessions end`. */
export const sessionsEnd = {
  name: "sessions end",
  title: "A server and your access to it",
  summary: "End sessions of yours, or of somebody whom you manage",
  arguments: [{ name: "SESSION", description: "ids of sessions", optional: true, variadic: true }],
  options: [
    { flags: "--others", description: "all but this one" },
    { flags: "--user <name>", description: "whose; default our own" },
    serverOption,
  ],
  examples: [["farhand sessions end --others", "log out everywhere else"]],
  async run({ words: [ids], options }, terminal) {
    const { endSessions } = await import("../server/own-access.ts");
    const which = { ids: (ids ?? []) as readonly string[], others: options.others === true, user: options.user };
    await withServer(options, terminal, (api) => endSessions(api, which, terminal));
  },
} satisfies Command<SessionsEndOptions>;

export type { SessionsEndOptions };
