import type { Recording } from "#server/wire";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText } from "../../parts/quantities.ts";
import { EndNote } from "./end-note.tsx";
import { streamPiece } from "./stream-event.ts";
import { clockText } from "./timeline.ts";
import { useRecording } from "./use-recording.ts";

/** Pieces that are shown; the download has all. */
const most = 500;
const arrows = { worker: "← from the worker", client: "→ to the worker", nobody: "missing" } as const;

/** What crossed a TCP connection, piece by piece. */
export function StreamView({ recording, over }: { readonly recording: Recording; readonly over: () => void }) {
  const isLive = recording.state === "live";
  const { events, end, error } = useRecording(recording.id, isLive, streamPiece, over);
  return (
    <div className="flex flex-col gap-3">
      {error !== undefined && <ProblemNote error={error} />}
      {error === undefined && <EndNote end={end} isLive={isLive} events={events.length} />}
      {events.length > most && <p className="text-soft">The first {most} pieces; the download has all.</p>}
      <div className="sheet overflow-x-auto" role="region" aria-label="What crossed" tabIndex={0}>
        <table className="w-full">
          <tbody className="divide-y divide-line">
            {events.slice(0, most).map(({ at, from, text, bytes }, place) => (
              <tr key={`${place} ${at}`}>
                <td className="cell number align-top whitespace-nowrap">{clockText(at)}</td>
                <td className="cell align-top whitespace-nowrap">
                  {arrows[from]}
                  {bytes > 0 && <span className="block text-soft">{bytesText(bytes)}</span>}
                </td>
                <td className="cell w-full">
                  <pre className="mono max-w-[70vw] break-all whitespace-pre-wrap">{text}</pre>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
