import { useContext } from "react";
import { spanText } from "../parts/quantities.ts";
import { useServerNow } from "./clock.ts";
import { LiveContext, useLive } from "./live.tsx";

/** The server lets the page not watch what it shows: when it asks for that again, and a way to ask now. */
export function AskedAgain() {
  const store = useContext(LiveContext);
  const { askAgainAt, aheadMs, line } = useLive();
  const now = useServerNow() - aheadMs;
  // A line that is cut begins with asking for all of it.
  if (askAgainAt === undefined || line.kind === "cut") return null;
  return (
    <p
      role="status"
      aria-label="Refused changes"
      className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-soft"
    >
      <span>
        You may not see some of what this page shows, so its changes do not come in. The page asks again
        {/* Whoever hears the page is not told each second. */}
        <span aria-hidden="true">{askAgainAt - now < 1_000 ? " now" : ` in ${spanText(askAgainAt - now)}`}</span>.
      </span>
      <button type="button" className="link" onClick={() => store?.askAgain()}>
        Ask now
      </button>
    </p>
  );
}
