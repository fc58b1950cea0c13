import type { Command } from "../command.ts";

/** What `farhand entitlements sign` is given. */
export interface EntitlementsSignOptions {
  readonly id?: string;
  readonly holder?: string;
  readonly server?: string;
  readonly feature?: readonly string[];
  readonly workersMax?: string;
  readonly from?: string;
  readonly until?: string;
  readonly life?: string;
}

/** `farhand entitlements sign`. */
export const entitlementsSign = {
  name: "entitlements sign",
  title: "Users, tokens and audit of a server",
  summary: "Sign an entitlement for one server, and print it",
  details:
    "Whoever has the text has what it gives, on the server that it is for and nowhere else. It counts a day longer at either end, since clocks differ.",
  arguments: [{ name: "KEY", description: "file of the private key, of `entitlements key`", completes: "file" }],
  options: [
    {
      flags: "--id <id>",
      description: "its name, for lists and audit; another of the same id takes its place; required",
    },
    { flags: "--holder <name>", description: "whom it is issued to; required" },
    { flags: "--server <id>", description: "server it is for, as `farhand server entitlement` prints it; required" },
    {
      flags: "--feature <name>",
      description: "remote.monitor, remote.operate, remote.configure, cloud.config, helpers.remote",
      repeatable: true,
    },
    { flags: "--workers-max <n>", description: "most workers at once; any number without it" },
    { flags: "--from <time>", description: "its beginning, 2027-01-31; now when absent" },
    { flags: "--until <time>", description: "its end" },
    { flags: "--life <time>", description: "or how long it lasts: 365d" },
  ],
  examples: [
    [
      "farhand entitlements sign issuer.pem --id acme-1 --holder Acme --server 0123-… --feature remote.operate --life 365d",
      "one word on stdout",
    ],
  ],
  async run({ words: [key], options }, terminal) {
    const { signOne } = await import("../entitlement-signing.ts");
    await signOne(key as string, options, terminal);
  },
} satisfies Command<EntitlementsSignOptions>;
