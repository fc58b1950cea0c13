import { entitlementEnds, entitlementTerm, readEntitlement } from "#fleet";
import { documentLines } from "./entitlement-signing.ts";
import { entitlementIn } from "./server/entitlements.ts";
import type { Terminal } from "./terminal.ts";
import { openPlace, type WorkerEditOptions } from "./worker-edit.ts";

/**
 * `farhand worker entitlement`: into the worker's own configuration, with a service or without one, before any password or
 * server is set (CAT-101). Whether it counts is for its server to say; its form and dates are looked at here.
 */
export async function enterAtWorker(file: string, options: WorkerEditOptions, terminal: Terminal, now = Date.now()) {
  const text = await entitlementIn(file);
  const { document } = readEntitlement(text);
  const place = await openPlace({ ...options, comment: `entitlement ${document.id}` }, terminal.env);
  try {
    const { version } = await place.put({ ...place.got.document, entitlement: text });
    for (const line of documentLines(document)) terminal.print(line);
    const term = entitlementTerm(document, now);
    if (term !== "in force") terminal.say(`by this machine's clock it is ${term === "over" ? "over" : "too early"}`);
    else if (entitlementEnds(document, now)) terminal.say("it ends soon");
    terminal.say(`version ${version} is written; the worker tells its server at its next start, which judges it`);
  } finally {
    await place.close();
  }
}
