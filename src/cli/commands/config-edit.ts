import { type Command, type JsonOptions, jsonOption } from "../command.ts";
import { canaryOf, type CanaryOptions, canaryOptions } from "../server/canary.ts";
import type { PlaceOptions } from "../server/config-place.ts";
import { placeOptions } from "../server/place-options.ts";
import { serverOption, type ServerOptions } from "../server/server-options.ts";
import { withWorkers } from "../server/workers-api.ts";

interface ConfigEditOptions extends ServerOptions, JsonOptions, PlaceOptions, CanaryOptions {
  readonly comment?: string;
}

/** `farhand config edit` (spec CAT-71, CAT-78). */
export const configEdit = {
  name: "config edit",
  title: "Configurations a server holds",
  summary: "Edit a configuration in your editor and put it in force",
  details: [
    "NAME is a configuration of the server, or a worker: then its own file is edited through its service, or what the server",
    "holds for it, also while it is away; which is said first. The editor is $VISUAL or $EDITOR, the text YAML. When it is",
    "not valid, or somebody else has written meanwhile, that is shown and the editor can be opened again; a text that is",
    "given up stays in a file, whose name is printed.",
  ].join(" "),
  arguments: [{ name: "NAME", description: "a configuration or a worker; a new configuration is made" }],
  options: [
    { flags: "--comment <text>", description: "why, for the history" },
    ...placeOptions,
    ...canaryOptions,
    jsonOption,
    serverOption,
  ],
  examples: [
    ["farhand config edit web-workers", "what the server holds, for all that go by it"],
    ["farhand config edit brno-4", "what this worker goes by, wherever it is kept"],
    ["farhand config edit web-workers --canary 1 --healthy-for 10m", "one worker first"],
  ],
  async run({ words: [name], options }, terminal) {
    const { editConfig } = await import("../server/config-edit.ts");
    const { comment, json, held, worker } = options;
    const place = { ...(held && { held }), ...(worker && { worker }) };
    const editing = { name: name as string, comment, json, canary: canaryOf(options), ...place };
    await withWorkers(options, terminal, (api) => editConfig(api, editing, terminal));
  },
} satisfies Command<ConfigEditOptions>;

export type { ConfigEditOptions };
