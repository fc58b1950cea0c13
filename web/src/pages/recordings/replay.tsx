import { useEffect, useMemo, useRef, useState } from "react";
import type { Recording } from "#server/wire";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { openReplayScreen } from "../../parts/terminal/replay-screen.ts";
import { castLine } from "./cast.ts";
import { EndNote } from "./end-note.tsx";
import { PlayControls } from "./play-controls.tsx";
import { Player } from "./player.ts";
import { eventsUntil, timelineOf } from "./timeline.ts";
import { usePlayback } from "./use-playback.ts";
import { useRecording } from "./use-recording.ts";

/** Longer pauses are shortened to this where that is wanted. */
const shortPauseMs = 2_000;

interface ReplayProps {
  readonly recording: Recording;
  readonly over: () => void;
}

/** What a terminal has shown, at the pace it had; of one that goes on what it shows now. */
export function Replay({ recording, over }: ReplayProps) {
  const isLive = recording.state === "live";
  const { events, end, error } = useRecording(recording.id, isLive, castLine, over);
  const [isShort, setShort] = useState(true);
  const timeline = useMemo(() => {
    const at = events.map((event) => event.at);
    return timelineOf(at, recording.durationMs ?? at.at(-1) ?? 0, isShort ? shortPauseMs : undefined);
  }, [events, recording.durationMs, isShort]);
  const playback = usePlayback(timeline);
  const shown = isLive ? events.length : eventsUntil(timeline, playback.positionMs);
  const screen = useRef<HTMLDivElement>(null);
  const player = useRef<Player>(undefined);
  useEffect(() => {
    if (!screen.current) return undefined;
    const opened = openReplayScreen(screen.current);
    player.current = new Player(opened);
    return () => {
      player.current = undefined;
      opened.close();
    };
  }, []);
  useEffect(() => player.current?.show(events, shown), [events, shown]);
  return (
    <div className="flex flex-col gap-3">
      {error !== undefined && <ProblemNote error={error} />}
      {error === undefined && <EndNote end={end} isLive={isLive} events={events.length} />}
      {!isLive && (
        <PlayControls playback={playback} lengthMs={timeline.lengthMs} isShort={isShort} setShort={setShort} />
      )}
      <div
        role="region"
        aria-label="Screen"
        tabIndex={0}
        className="max-h-[70dvh] min-h-48 overflow-auto rounded-lg border border-line bg-[#0b1210] p-2"
      >
        <div ref={screen} className="w-max" data-shown={shown} />
      </div>
    </div>
  );
}
