import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { fitting, type Size, stepped, turned } from "./zoom.ts";

/** A place on the screen, px. */
type Spot = readonly [x: number, y: number];

/** What of the drawing stays where it is while its size changes. */
interface Held {
  readonly at: Spot;
  /** How far it is from the upper left corner of the drawing; 1 is the opposite one. */
  readonly part: Spot;
}

/**
 * How large a drawing is shown in its window: by buttons, `+`, `-` and `0`, the wheel with Ctrl (as browsers tell two fingers
 * too), and moved by dragging. The wheel alone scrolls, as everywhere.
 *
 * @param drawing its size at scale 1.
 */
export function useZoom({ width, height }: Size) {
  const scroller = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);
  const held = useRef<Held>(undefined);
  /** It was made to fit, and no other size was chosen since. */
  const isFitted = useRef(false);
  const show = (next: number, at?: Spot) => {
    const element = scroller.current;
    if (!element || next === scale) return;
    held.current = heldAt(element, at ?? middleOf(element));
    setScale(next);
  };
  const to = (next: number, at?: Spot) => {
    isFitted.current = false;
    show(next, at);
  };
  const fit = () => {
    isFitted.current = true;
    if (scroller.current) show(fitting({ width, height }, windowOf(scroller.current)));
  };
  useResize(scroller, () => {
    if (isFitted.current) fit();
  });
  useLayoutEffect(() => {
    if (scroller.current && held.current) putBack(scroller.current, held.current);
    held.current = undefined;
  }, [scale]);
  useEffect(() => {
    const element = scroller.current;
    // The server stands in the middle, and is what one sees first.
    if (!element) return;
    element.scrollLeft = (element.scrollWidth - element.clientWidth) / 2;
    element.scrollTop = (element.scrollHeight - element.clientHeight) / 2;
  }, [width, height]);
  useWheel(scroller, (delta, at) => to(turned(scale, delta), at));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") to(stepped(scale, 1));
    else if (event.key === "-") to(stepped(scale, -1));
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  };
  return { scroller, scale, to, fit, handlers: { onKeyDown, onPointerDown: drag } };
}

function middleOf(element: HTMLElement): Spot {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}

/** The drawing itself; one that is smaller than its window stands in its middle. */
const drawingIn = (element: HTMLElement): DOMRect => (element.firstElementChild ?? element).getBoundingClientRect();

function heldAt(element: HTMLElement, at: Spot): Held {
  const { x, y, width, height } = drawingIn(element);
  return { at, part: [(at[0] - x) / width, (at[1] - y) / height] };
}

function putBack(element: HTMLElement, { at, part }: Held): void {
  const { x, y, width, height } = drawingIn(element);
  element.scrollBy(x + part[0] * width - at[0], y + part[1] * height - at[1]);
}

/** The room for a drawing, however small the present one is. */
function windowOf(element: HTMLElement): Size {
  const most = Number.parseFloat(getComputedStyle(element).maxHeight);
  return { width: element.clientWidth, height: Number.isFinite(most) ? most - 2 : element.clientHeight };
}

/** A window of another size: the reader has turned a phone, or made the page narrower. */
function useResize(scroller: { readonly current: HTMLElement | null }, resized: () => void): void {
  const now = useRef(resized);
  now.current = resized;
  useEffect(() => {
    const observer = new ResizeObserver(() => now.current());
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [scroller]);
}

/** React's own listeners cannot keep the browser from making the whole page larger. */
function useWheel(scroller: { readonly current: HTMLElement | null }, turn: (delta: number, at: Spot) => void): void {
  const now = useRef(turn);
  now.current = turn;
  useEffect(() => {
    const element = scroller.current;
    const wheel = (event: WheelEvent) => {
      if (!element || !event.ctrlKey) return;
      event.preventDefault();
      now.current(event.deltaY, [event.clientX, event.clientY]);
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [scroller]);
}

/** Move the drawing by the mouse; a finger scrolls it without us. */
function drag(event: PointerEvent<HTMLElement>): void {
  const element = event.currentTarget;
  if (event.pointerType !== "mouse" || event.button !== 0 || (event.target as Element).closest("[data-node]")) return;
  const over = new AbortController();
  const { signal } = over;
  const move = ({ movementX, movementY }: globalThis.PointerEvent) => element.scrollBy(-movementX, -movementY);
  element.ownerDocument.addEventListener("pointermove", move, { signal });
  for (const end of ["pointerup", "pointercancel"])
    element.ownerDocument.addEventListener(end, () => over.abort(), { signal });
}
