import { isFinal } from "#work/wire";
import type { FollowLink } from "../follow.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath, queryText } from "./api-path.ts";
import { unitReport } from "./unit-report.ts";

/** A stream that lasted as long ended because nothing was written for long, and not because something broke. */
const longMs = 30_000;

/** A unit of a worker behind a server, to be followed as one of a worker here. */
export function unitLink(api: ApiClient, worker: string, unit: string): FollowLink {
  const path = apiPath`/workers/${worker}/units/${unit}`;
  const status = async (signal?: AbortSignal) => unitReport(await api.ask("GET", path, { signal })).report;
  return {
    status,
    async *output(from, signal) {
      let at = from;
      for (;;) {
        const openedAt = performance.now();
        for await (const chunk of api.download(`${path}/output${queryText({ from: at, follow: true })}`, signal)) {
          at += chunk.length;
          yield chunk;
        }
        if (performance.now() - openedAt < longMs || isFinal((await status(signal)).State)) return;
      }
    },
  };
}
