import { checkConfigText } from "../../config/check-document.ts";
import { writeDocumentText } from "../../config/document-text.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Checked, CheckBody, ConfigText, TextQuery } from "./config-text-schema.ts";
import { ConfigParams } from "./configs-schema.ts";

/** Configurations of the server as text, for whoever edits them in a page: the server reads it and is the judge. */
export function configTextRoutes({ configurations }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/worker-configs/:name/text",
      summary: "A version as text to be edited",
      needs: { kind: "config", level: "monitor" },
      schema: { params: ConfigParams, query: TextQuery, answer: ConfigText },
      handle: async ({ params, query }) => {
        const { name, version, document } = await configurations.get(params.name, query.version);
        return { name, version, text: writeDocumentText(document) };
      },
    }),
    route({
      method: "POST",
      path: "/api/worker-configs/:name/check",
      summary: "What would be said against a text if it were written now, each with its line; nothing is written",
      needs: { kind: "config", level: "configure" },
      schema: { params: ConfigParams, body: CheckBody, answer: Checked },
      handle: async ({ params, body }) => await checkConfigText(configurations, params.name, body.text),
    }),
  ];
}
