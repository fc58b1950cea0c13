import { type ReactNode, useEffect, useId, useRef } from "react";

/**
 * A question in front of the page. It is the browser's own: it keeps the focus, makes the rest unreachable, ends with
 * Escape, and needs no style of its own in the page, which our policy would refuse. The focus goes to what is marked
 * `data-first`, else to the first that takes it.
 */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // `autoFocus` works when an element is made; of one that is there before the dialog opens, nothing comes of it.
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div className="flex flex-col gap-4 p-5">
        <h2 id={titleId} className="text-[1.1rem]">
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}

/** The buttons at the end of a dialog. */
export function DialogButtons({ children }: { readonly children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2">{children}</div>;
}
