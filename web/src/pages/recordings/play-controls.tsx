import { Icon } from "../../parts/icon.tsx";
import { clockText } from "./timeline.ts";
import type { Playback } from "./use-playback.ts";

interface PlayControlsProps {
  readonly playback: Playback;
  readonly lengthMs: number;
  readonly isShort: boolean;
  readonly setShort: (isShort: boolean) => void;
}

const speeds = [0.5, 1, 2, 4, 8, 16];

/** Play, pause, where, how fast, and whether long pauses are shortened. */
export function PlayControls({ playback, lengthMs, isShort, setShort }: PlayControlsProps) {
  const { isPlaying, positionMs, speed, play, pause, seek, setSpeed } = playback;
  const place = `${clockText(positionMs)} of ${clockText(lengthMs)}`;
  return (
    <div role="group" aria-label="Replay" className="flex flex-wrap items-center gap-3">
      <button type="button" className="button button-main" onClick={isPlaying ? pause : play}>
        <Icon name={isPlaying ? "pause" : "run"} />
        {isPlaying ? "Pause" : "Play"}
      </button>
      <input
        type="range"
        aria-label="Position"
        aria-valuetext={place}
        className="min-w-40 flex-1 accent-[var(--accent)]"
        min={0}
        max={Math.ceil(lengthMs)}
        step={lengthMs > 60_000 ? 1_000 : 100}
        value={positionMs}
        onChange={({ target }) => seek(Math.min(lengthMs, Number(target.value)))}
      />
      <span className="tabular-nums">{place}</span>
      <button type="button" className="button" onClick={() => seek(lengthMs)}>
        To its end
      </button>
      <label className="flex items-center gap-2">
        Speed
        <select className="field !w-auto" value={speed} onChange={({ target }) => setSpeed(Number(target.value))}>
          {speeds.map((one) => (
            <option key={one} value={one}>
              {one} ×
            </option>
          ))}
        </select>
      </label>
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={isShort} onChange={({ target }) => setShort(target.checked)} />
        shorten long pauses
      </label>
    </div>
  );
}
