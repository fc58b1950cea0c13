import { useEffect, useState } from "react";
import { followTool } from "../tools/result-lines.ts";
import { Captured } from "./captured.ts";

const showEveryMs = 150;

/** A capture as far as it has come. */
export interface CaptureNow {
  readonly captured: Captured;
  readonly count: number;
  readonly bytes: number;
  readonly cut?: string | undefined;
  readonly error?: unknown;
  readonly isOver: boolean;
}

/** Follow a capture from its first byte; told a few times a second. */
export function useCapture(worker: string, unit: string): CaptureNow | undefined {
  const [now, setNow] = useState<CaptureNow>();
  useEffect(() => {
    const over = new AbortController();
    const captured = new Captured();
    let [cut, error, isOver] = [undefined as string | undefined, undefined as unknown, false];
    let shown = "";
    const show = () => {
      const { count, bytes } = captured.index;
      const look = `${count} ${bytes} ${cut} ${isOver}`;
      if (look !== shown) setNow({ captured, count, bytes, cut, error, isOver });
      shown = look;
    };
    const timer = setInterval(show, showEveryMs);
    const bytes = (chunk: Uint8Array) => {
      captured.push(chunk);
      if (captured.isFull) over.abort(new Error("more than a browser keeps"));
    };
    followTool(worker, unit, { bytes, cut: (why) => void (cut = why) }, over.signal)
      .catch((problem: unknown) => {
        if (!over.signal.aborted) error = problem;
      })
      .finally(() => void (isOver = true));
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [worker, unit]);
  return now;
}
