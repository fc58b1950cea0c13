import { type ReactNode, useEffect, useRef } from "react";

/** Who has just opened these pages begins at their top, and finds the skip link there. */
let isFirstPage = true;

/** The name of a page, in the window's title too; the focus goes there when one comes from another page. */
export function Heading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Farhand`;
  }, [title]);
  useEffect(() => {
    if (!isFirstPage) element.current?.focus();
    isFirstPage = false;
  }, []);
  return (
    <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-2">
      <h1 ref={element} tabIndex={-1} className="min-w-0 break-words outline-none">
        {title}
      </h1>
      {children}
    </div>
  );
}
