import { type Command, type JsonOptions, jsonOption } from "../command.ts";

interface ServerEntitlementOptions extends JsonOptions {
  readonly dataDir?: string;
  readonly database?: string;
  readonly entitlementKey?: readonly string[];
}

/** `farhand server entitlement` (spec CAT-101). */
export const serverEntitlement = {
  name: "server entitlement",
  summary: "Print the id of the server of this machine, or enter an entitlement for it",
  details:
    "On the server's machine, for whoever may open its database; the server may run, or never have been started: nobody need have logged in. Without FILE it prints the id that entitlements for it are signed for.",
  arguments: [{ name: "FILE", description: "that holds the entitlement", optional: true, completes: "file" }],
  options: [
    { flags: "--data-dir <folder>", description: "of the server", completes: "file" },
    { flags: "--database <file>", description: "file that holds its postgres:// URL", completes: "file" },
    {
      flags: "--entitlement-key <file>",
      description: "public key by which it is judged here already",
      repeatable: true,
      completes: "file",
    },
    jsonOption,
  ],
  examples: [
    ["farhand server entitlement", "the id of the server"],
    ["farhand server entitlement acme.entitlement", "entered"],
  ],
  async run({ words: [file], options }, terminal) {
    const { enterAtHome } = await import("../server/entitlements.ts");
    await enterAtHome(file as string | undefined, options, terminal);
  },
} satisfies Command<ServerEntitlementOptions>;

export type { ServerEntitlementOptions };
