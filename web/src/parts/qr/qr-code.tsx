import { useMemo } from "react";
import { qrPath } from "./qr.ts";

/** A text for a phone's camera: black on white whatever the page's colours are, since scanners want it so. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { side, data } = useMemo(() => qrPath(text), [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      className="w-52 max-w-full self-start rounded-md border border-line"
      shapeRendering="crispEdges"
    >
      <rect width={side} height={side} fill="#ffffff" />
      <path d={data} fill="#000000" />
    </svg>
  );
}
