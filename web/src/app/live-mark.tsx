import { useServerNow } from "../live/clock.ts";
import { useLive } from "../live/live.tsx";
import { Badge } from "../parts/badge.tsx";
import { spanText } from "../parts/quantities.ts";

/** Whether changes come in, or since when not. */
export function LiveMark() {
  const { line, aheadMs } = useLive();
  const now = useServerNow() - aheadMs;
  return (
    <div role="status" aria-label="Connection to the server" title={line.kind === "cut" ? line.why : undefined}>
      {line.kind === "live" && (
        <Badge tone="ok" icon="ok">
          live
        </Badge>
      )}
      {line.kind === "connecting" && (
        <Badge tone="quiet" icon="waiting">
          connecting
        </Badge>
      )}
      {line.kind === "cut" && (
        <Badge tone="bad" icon="bad">
          {`reconnecting ${spanText(now - line.sinceMs)}`}
        </Badge>
      )}
    </div>
  );
}
