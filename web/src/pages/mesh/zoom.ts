/** Sizes that the buttons and keys go through; 1 is as it is laid out. */
const steps = [0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3];
export const [leastScale, mostScale] = [steps[0] as number, steps.at(-1) as number];
/** Below it names are too small to be read. */
export const namesFrom = 0.7;

/** A width and a height, px. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The next size, or this one where there is none. @param by 1: larger; -1: smaller. */
export function stepped(scale: number, by: 1 | -1): number {
  const next = by > 0 ? steps.find((one) => one > scale * 1.01) : steps.findLast((one) => one < scale * 0.99);
  return next ?? scale;
}

/** A size that can be drawn. */
export const within = (scale: number): number => Math.min(mostScale, Math.max(leastScale, scale));

/** The largest size at which all of it is in sight, and no larger than it is laid out. */
export function fitting(drawing: Size, window: Size): number {
  return within(Math.min(1, window.width / drawing.width, window.height / drawing.height));
}

/** Of a turn of the wheel: the same turn back undoes it. @param delta as the browser tells it, px. */
export const turned = (scale: number, delta: number): number => within(scale * Math.exp(-delta / 400));
