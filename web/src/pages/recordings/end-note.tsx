import { Badge } from "../../parts/badge.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { countText } from "../../parts/quantities.ts";
import type { RecordingEnd } from "./recording-lines.ts";

interface EndNoteProps {
  /** undefined: it is still being read. */
  readonly end: RecordingEnd | undefined;
  readonly isLive: boolean;
  /** Events read so far. */
  readonly events: number;
}

/** Whether what is shown is all of it, and what was written (CAT-122). */
export function EndNote({ end, isLive, events }: EndNoteProps) {
  if (end?.kind === "refused") return <ProblemNote error={end.error} />;
  return (
    <p role="status" aria-label="Reading" className="flex flex-wrap items-center gap-x-3">
      {end === undefined && (
        <Badge tone="busy" icon="busy">
          {isLive ? "it goes on, and is shown as it happens" : `reading: ${countText(events, "event")}`}
        </Badge>
      )}
      {end?.kind === "all" && (
        <Badge tone="ok" icon="ok">
          {`all ${countText(events, "event")} read, none altered`}
        </Badge>
      )}
      {end?.kind === "altered" && (
        <Badge tone="bad" icon="bad">
          {`altered behind ${countText(events, "event")}`}
        </Badge>
      )}
      {end?.kind === "altered" && <span>What comes after that place is not what was written, and is not shown.</span>}
      {end?.kind === "tooLong" && (
        <Badge tone="warn" icon="warn">
          {`only its first ${countText(events, "event")}: the download has all`}
        </Badge>
      )}
    </p>
  );
}
