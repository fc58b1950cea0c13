import { useEffect, useState } from "react";
import { readLines, type RecordingEnd } from "./recording-lines.ts";

const showEveryMs = 150;

/** What of a recording was read so far. */
export interface RecordingRead<Event> {
  readonly events: readonly Event[];
  readonly end?: RecordingEnd;
  /** Why it cannot be read now. */
  readonly error?: unknown;
}

/**
 * Read a recording line by line.
 *
 * @param parse a line as an event; it stands outside of components. @param over one that went on has ended.
 */
export function useRecording<Event>(
  id: string,
  isLive: boolean,
  parse: (line: string) => Event | undefined,
  over: () => void,
): RecordingRead<Event> {
  const [read, setRead] = useState<RecordingRead<Event>>({ events: [] });
  useEffect(() => {
    const leave = new AbortController();
    const events: Event[] = [];
    let shown = 0;
    const timer = setInterval(() => {
      if (shown !== events.length) setRead({ events: events.slice(0, (shown = events.length)) });
    }, showEveryMs);
    const line = (text: string): void => {
      const event = parse(text);
      if (event !== undefined) events.push(event);
    };
    readLines(id, isLive, line, leave.signal)
      .then(
        (end) => {
          setRead({ events, end });
          if (isLive) over();
        },
        (error: unknown) => {
          if (!leave.signal.aborted) setRead({ events, error });
        },
      )
      .finally(() => clearInterval(timer));
    return () => {
      leave.abort();
      clearInterval(timer);
    };
    // `over` is new with each drawing.
  }, [id, isLive, parse]);
  return read;
}
