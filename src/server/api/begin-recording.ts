import { errorText, FarhandError } from "#core";
import type { Recorder } from "../recording/recorder.ts";
import type { RecordingWish } from "../recording/recordings.ts";
import type { Call } from "./call.ts";
import type { RouteServices } from "./services.ts";

/** What is known of a stream besides who and where. */
type StreamFacts = Pick<RecordingWish, "kind" | "service" | "rows" | "columns">;

/** A stream about to begin, recorded or not. */
export interface MaybeRecorded {
  /** Undefined: the policy wants no recording. */
  readonly recorder: Recorder | undefined;
  /** Run the stream to its end, and note how it ended. Throws what it throws. */
  during(stream: () => Promise<void>): Promise<void>;
}

/**
 * Begin the recording of a stream before anything of it has crossed, if the policy wants one (CAT-122).
 *
 * @throws {ServerError} RECORDING_FAILED: it has to be recorded, and cannot be.
 */
export async function beginRecording(
  { recordings }: RouteServices,
  { caller, worker, visit }: Pick<Call, "caller" | "worker" | "visit">,
  facts: StreamFacts,
): Promise<MaybeRecorded> {
  const recorded = await recordings?.begin({
    ...facts,
    worker: { id: worker.id, name: worker.name },
    user: { id: caller.user.id, name: caller.user.name },
    source: visit.address,
  });
  return {
    recorder: recorded?.recorder,
    during: async (stream) => {
      try {
        await stream();
        await recorded?.end("over");
      } catch (error) {
        await recorded?.end(error instanceof FarhandError ? error.code : errorText(error));
        throw error;
      }
    },
  };
}
