import type { ReactNode } from "react";

/** Nothing is there: why, and what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="px-4 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children && <div className="mx-auto mt-2 max-w-xl text-soft">{children}</div>}
    </div>
  );
}

/** A command to be typed. */
export function Command({ children }: { readonly children: string }) {
  return (
    <code
      className="mono mt-2 block overflow-x-auto rounded-md border border-line bg-sunk px-3 py-2 text-left whitespace-pre text-ink"
      tabIndex={0}
    >
      {children}
    </code>
  );
}

/** Something is on its way. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p role="status" className="px-4 py-8 text-center text-soft">
      Loading {what}…
    </p>
  );
}
