import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { CheckedText } from "#server/wire";
import { Loading } from "../empty.tsx";
import { ProblemNote } from "../problem-note.tsx";
import type { EditorHandle } from "./code-mirror-view.tsx";
import { FaultList } from "./fault-list.tsx";

/** Fetched when somebody edits. */
const CodeMirror = lazy(async () => ({ default: (await import("./code-mirror-view.tsx")).CodeMirrorView }));

/** A text is checked when nothing was typed for so long. */
const checkAfterMs = 400;

/** A text with nothing wrong in it. */
export type SoundText = Pick<CheckedText, "warnings"> & { readonly document: NonNullable<CheckedText["document"]> };

export interface DocumentEditorProps {
  readonly label: string;
  readonly text: string;
  readonly change: (text: string) => void;
  /** Asks who will go by it. */
  readonly check: (text: string, signal?: AbortSignal) => Promise<CheckedText>;
  /** Who that is, at the beginning of a sentence. */
  readonly checker?: string;
  /** Nothing is wrong with it: it may be saved. */
  readonly save: (sound: SoundText) => void;
  /** Why it cannot be saved now. */
  readonly why?: string | undefined;
  readonly more?: ReactNode;
}

/** A document as YAML, checked at its lines as one types; what is wrong is never saved. */
export function DocumentEditor({
  label,
  text,
  change,
  check,
  checker = "The server",
  save,
  why,
  more,
}: DocumentEditorProps) {
  const handle = useRef<EditorHandle>(null);
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const settled = useSettled(text);
  const { data, error, refetch } = useQuery({
    queryKey: ["check", label, settled],
    queryFn: ({ signal }) => check(settled, signal),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const marks = useMemo(() => (data ? marksOf(data) : []), [data]);
  const goTo = (line: number) => handle.current?.goTo(line);
  const trySave = async () => {
    setSaving(true);
    setFailure(undefined);
    try {
      const { document, faults, warnings } = await check(text);
      if (document && faults.length === 0) save({ document, warnings });
      else {
        await refetch();
        const line = faults.find((fault) => fault.line !== null)?.line;
        if (line !== null && line !== undefined) goTo(line);
      }
    } catch (problem) {
      setFailure(problem);
    } finally {
      setSaving(false);
    }
  };
  return (
    <div className="flex flex-col gap-3">
      <Suspense fallback={<Loading what="the editor" />}>
        <CodeMirror label={label} text={text} change={change} marks={marks} handle={handle} />
      </Suspense>
      <p className="text-soft text-[0.92em]">
        YAML, of which JSON is a part; comments are not kept. A secret shows as{" "}
        <code className="mono">$secret: set</code>: leave it so to keep it, or write{" "}
        <code className="mono">{"$secret: {value: …}"}</code>. Tab leaves the editor.
      </p>
      <div role="status" aria-live="polite">
        {error ? (
          <ProblemNote error={error} retry={() => void refetch()} />
        ) : (
          data && <FaultList checked={data} checker={checker} goTo={goTo} />
        )}
      </div>
      {failure !== undefined && <ProblemNote error={failure} />}
      <div className="flex flex-wrap items-center gap-3">
        <button
          type="button"
          className="button button-main"
          disabled={isSaving || why !== undefined}
          onClick={() => void trySave()}
        >
          Save…
        </button>
        {more}
        {why !== undefined && <span className="text-soft">It cannot be saved: {why}.</span>}
      </div>
    </div>
  );
}

function marksOf({ faults, warnings }: CheckedText) {
  const of = (kind: "error" | "warning") => (fault: CheckedText["faults"][number]) =>
    fault.line === null ? [] : [{ line: fault.line, text: fault.reason, kind }];
  return [...faults.flatMap(of("error")), ...warnings.flatMap(of("warning"))];
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), checkAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
