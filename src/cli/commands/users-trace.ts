import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { serverOption, type ServerOptions, withServer } from "../server/server-options.ts";

interface UsersTraceOptions extends ServerOptions, JsonOptions {
  readonly off?: true;
}

/** `farhand users trace` (spec CAT-119). */
export const usersTrace = {
  name: "users trace",
  title: "Users, tokens and audit of a server",
  summary: "Find out why a session is refused something: step by step, for ten minutes",
  details:
    "The first time it switches the trace on; from then on it prints what was seen: time, step, verdict, code. It holds no secret, goes off by itself, and that it was switched on stands in the audit.",
  arguments: [
    { name: "NAME", description: "the user" },
    { name: "SESSION", description: "as `farhand users sessions NAME` shows it" },
  ],
  options: [{ flags: "--off", description: "switch it off, and forget what was seen" }, jsonOption, serverOption],
  examples: [["farhand users trace ann 3f0c2a", "on; and again, once she has tried"]],
  async run({ words: [name, session], options }, terminal) {
    const { traceSession } = await import("../server/trace-session.ts");
    const whose = { name: name as string, session: session as string };
    await withServer(options, terminal, (api) => traceSession(api, whose, options, terminal));
  },
} satisfies Command<UsersTraceOptions>;
