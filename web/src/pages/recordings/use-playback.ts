import { useEffect, useState } from "react";
import type { Timeline } from "./timeline.ts";

const tickMs = 50;

/** Where the replay is, and what can be done with it. */
export interface Playback {
  readonly positionMs: number;
  readonly isPlaying: boolean;
  readonly speed: number;
  /** From the start when it is at its end. */
  play(): void;
  pause(): void;
  seek(positionMs: number): void;
  setSpeed(speed: number): void;
}

/** A clock that goes along a timeline, so many times as fast as time. */
export function usePlayback({ lengthMs }: Timeline): Playback {
  const [positionMs, setPosition] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  useEffect(() => {
    if (!isPlaying) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const stepMs = (now - before) * speed;
      before = now;
      setPosition((at) => Math.min(lengthMs, at + stepMs));
    }, tickMs);
    return () => clearInterval(timer);
  }, [isPlaying, speed, lengthMs]);
  const isOver = positionMs >= lengthMs;
  useEffect(() => {
    if (isOver) setPlaying(false);
  }, [isOver]);
  return {
    ...{ positionMs: Math.min(positionMs, lengthMs), isPlaying, speed, setSpeed },
    play: () => {
      if (isOver) setPosition(0);
      setPlaying(true);
    },
    pause: () => setPlaying(false),
    seek: setPosition,
  };
}
