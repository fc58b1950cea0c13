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
  useEffect(() => {
    changed.current = change;
  }, [change]);
  useEffect(() => {
    if (!host.current) return undefined;
    const opened = openEditor(host.current, { text: first.current, label, changed: (now) => changed.current(now) });
    editor.current = opened;
    return () => opened.close();
  }, [label]);
  useEffect(() => {
    first.current = text;
    editor.current?.replace(text);
  }, [text]);
  useEffect(() => editor.current?.mark(marks), [marks]);
  useImperativeHandle(handle, () => ({ goTo: (line) => editor.current?.goTo(line) }), []);
  return <div ref={host} className="overflow-hidden rounded-md border border-soft" />;
}
