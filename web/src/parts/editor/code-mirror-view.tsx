import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { type Mark, openEditor, type TextEditor } from "./code-mirror.ts";

export interface EditorHandle {
  goTo(line: number): void;
}

export interface EditorProps {
  readonly label: string;
  readonly text: string;
  readonly change: (text: string) => void;
  readonly marks: readonly Mark[];
  readonly handle?: Ref<EditorHandle>;
}

/** An editor whose text is the page's. */
export function CodeMirrorView({ label, text, change, marks, handle }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<TextEditor>(null);
  const changed = useRef(change);
  const first = useRef(text);
  /** What was typed and has not come back from the page yet, oldest first. */
  const typed = useRef<readonly string[]>([]);
  useEffect(() => {
    changed.current = (now) => {
      typed.current = [...typed.current, now];
      change(now);
    };
  }, [change]);
  useEffect(() => {
    if (!host.current) return undefined;
    const opened = openEditor(host.current, { text: first.current, label, changed: (now) => changed.current(now) });
    editor.current = opened;
    return () => opened.close();
  }, [label]);
  useEffect(() => {
    first.current = text;
    const at = typed.current.indexOf(text);
    typed.current = typed.current.slice(at + 1);
    // The page may be slower than who types: its text of a moment ago must not undo what was typed since.
    if (at < 0) editor.current?.replace(text);
  }, [text]);
  useEffect(() => editor.current?.mark(marks), [marks]);
  useImperativeHandle(handle, () => ({ goTo: (line) => editor.current?.goTo(line) }), []);
  return <div ref={host} className="overflow-hidden rounded-md border border-soft" />;
}
