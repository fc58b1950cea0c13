import type { HelperTokenRow } from "#fleet";
import type { JsonOptions } from "./command.ts";
import type { HelperTokenOptions } from "./commands/helper-token.ts";
import { CliError } from "./errors.ts";
import { lifeOf } from "./server/labels.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { askWorker, type WorkerSocketOptions } from "./worker-socket.ts";

const defaultLife = "30d";

/** Make a token for a helper elsewhere; it alone goes to stdout. */
export async function makeHelperToken(options: HelperTokenOptions, terminal: Terminal): Promise<void> {
  const { type: workTypes, life = defaultLife, note, json } = options;
  if (workTypes === undefined)
    throw new CliError("USAGE", "for which work types?", { remedy: "name them: --type TYPE" });
  const wanted = { workTypes: [...workTypes], expiresInMs: lifeOf(life), ...(note !== undefined && { note }) };
  const made = await askWorker(options, terminal.env, "worker.helperToken.create", wanted);
  if (json) return terminal.print(JSON.stringify(made));
  const { id, token, expiresAtMs } = made as { id: string; token: string; expiresAtMs: number };
  terminal.print(token);
  terminal.say(`helper token ${id}, for ${workTypes.join(", ")}, until ${new Date(expiresAtMs).toISOString()}`);
}

/** Print the tokens that are good. */
export async function listHelperTokens(options: WorkerSocketOptions & JsonOptions, terminal: Terminal): Promise<void> {
  const { tokens } = (await askWorker(options, terminal.env, "worker.helperToken.list")) as {
    tokens: HelperTokenRow[];
  };
  if (options.json) return terminal.print(JSON.stringify(tokens));
  const rows = tokens.map(({ id, workTypes, expiresAtMs, inUse, note = "" }) =>
    [id, workTypes.join(","), new Date(expiresAtMs).toISOString(), inUse ? "in use" : "free", note].map((text) => ({
      text,
    })),
  );
  const head = ["ID", "TYPES", "EXPIRES", "USE", "NOTE"].map((text) => ({ text }));
  for (const line of tableLines([head, ...rows])) terminal.print(line);
}

/** Make tokens worth nothing. */
export async function revokeHelperTokens(
  ids: readonly string[],
  options: WorkerSocketOptions,
  terminal: Terminal,
): Promise<void> {
  for (const id of ids) {
    await askWorker(options, terminal.env, "worker.helperToken.revoke", { id });
    terminal.say(`helper token ${id} was revoked`);
  }
}
