import { oneLine } from "../quantities.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { configOf, putDocument } from "./configs.ts";
import type { HeldConfig } from "./held-config.ts";
import { allOf } from "./pages.ts";
import { type ConfigPlace, secretsNote } from "./place.ts";
import { ServerProblem } from "./problem.ts";
import { listed, stringOf } from "./shapes.ts";

/** A configuration that the server holds, whoever goes by it (CAT-77). @param more said of it behind its name. */
export function heldPlace(api: WorkersApi, name: string, more = ""): ConfigPlace {
  return {
    kind: "held",
    name,
    what: `configuration ${oneLine(name)} of the server${more}`,
    read: () => heldOrNew(api, name),
    notes: async () => [await usersNote(api, name), secretsNote],
    put: (edit) => putDocument(api, name, edit),
    differences: async ({ document }) => listed(document["changes"]),
  };
}

async function heldOrNew(api: WorkersApi, name: string): Promise<HeldConfig> {
  try {
    return await configOf(api, name);
  } catch (error) {
    if (error instanceof ServerProblem && error.code === "CONFIG_NOT_FOUND")
      return { version: 0, document: {}, whole: {} };
    throw error;
  }
}

async function usersNote(api: WorkersApi, name: string): Promise<string> {
  const users = await allOf(api, apiPath`/worker-configs/${name}/workers`);
  const names = users.slice(0, 5).map((user) => stringOf(user["name"]) ?? "?");
  if (names.length === 0) return "no worker goes by it yet";
  const more = users.length > names.length ? ` and ${users.length - names.length} more` : "";
  return `workers that go by it: ${names.join(", ")}${more}`;
}
