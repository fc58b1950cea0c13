import { Readable } from "node:stream";
import { ServerError } from "../../errors.ts";
import { recordingLines } from "../../recording/asciicast.ts";
import type { Recordings } from "../../recording/recordings.ts";
import { bytes } from "../answer.ts";
import { keyOfCursor, pageFrom } from "../cursor.ts";
import { guarded } from "../guarded-stream.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { ContentQuery, RecordingParams, RecordingsPage, RecordingsQuery, RecordingView } from "./recordings-schema.ts";

/** Whoever may read the audit: what somebody's terminal has shown is no less. */
const auditor = { kind: "area", area: "audit", level: "admin" } as const;

/** Recordings of terminals and TCP streams, live ones too (CAT-122). */
export function recordingsRoutes({ recordings, audit, limits }: RouteServices): Route[] {
  const kept = (): Recordings => {
    if (recordings) return recordings;
    throw new ServerError("RECORDING_NOT_FOUND", "this server records nothing");
  };
  return [
    route({
      method: "GET",
      path: "/api/recordings",
      summary: "Recordings, the newest first; with `live` those that go on",
      needs: auditor,
      schema: { query: RecordingsQuery, answer: RecordingsPage },
      handle: async ({ query: { limit, cursor, live = false } }) => {
        const found = await recordings?.list({ before: keyOfCursor(cursor), limit: limit + 1, live });
        return pageFrom(found ?? [], limit, ({ id }) => id);
      },
    }),
    route({
      method: "GET",
      path: "/api/recordings/:id",
      summary: "What a recording is of, and whether it is whole",
      needs: auditor,
      schema: { params: RecordingParams, answer: RecordingView },
      handle: async ({ params: { id } }) => await kept().find(id),
    }),
    route({
      method: "GET",
      path: "/api/recordings/:id/content",
      summary: "What it holds: asciicast v2 of a terminal, JSON lines of a TCP stream; with `follow` until it is over",
      needs: auditor,
      schema: { params: RecordingParams, query: ContentQuery },
      handle: async (call) => {
        const { id } = call.params;
        const { follow = false } = call.query;
        const { kind, worker, user } = await kept().find(id);
        // What breaks off in the middle of an answer tells nobody why.
        await kept().requireReadable(id);
        // Who looks at what somebody did is noted before they see it.
        const about = { worker: worker.id, user: user.id, follow, source: call.visit.address };
        await audit.record(call.actor, "recording.read", id, about);
        const lines = recordingLines(kept().read(id, { follow, signal: call.signal }));
        const source = Readable.from(lines, { objectMode: false });
        const body = guarded(source, { limits, signal: call.signal, used: () => call.used() });
        const type = kind === "shell" ? "application/x-asciicast" : "application/x-ndjson";
        return bytes(body, 200, { "content-type": type });
      },
    }),
  ];
}
