import { useEffect, useState } from "react";
import { ProblemNote } from "../parts/problem-note.tsx";
import { opened } from "./api.ts";

/** What of a long output is shown: its end. */
const maxChars = 200_000;

/** A unit's output as text, from its beginning, as it is written. */
export function UnitOutput({ unit }: { readonly unit: string }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const gone = new AbortController();
    setText("");
    const add = (part: string) => setText((before) => (before + part).slice(-maxChars));
    read(unit, add, gone.signal).catch((problem: unknown) => gone.signal.aborted || setError(problem));
    return () => gone.abort();
  }, [unit]);
  return (
    <div className="mt-2">
      {error !== undefined && <ProblemNote error={error} />}
      <pre
        aria-label={`Output of ${unit}`}
        role="region"
        tabIndex={0}
        className="mono max-h-80 overflow-auto rounded-md border border-line bg-sunk p-3 break-words whitespace-pre-wrap"
      >
        {text}
      </pre>
    </div>
  );
}

async function read(unit: string, add: (part: string) => void, signal: AbortSignal): Promise<void> {
  const { body } = await opened("GET", `output?unit=${encodeURIComponent(unit)}`, undefined, signal);
  const decoder = new TextDecoder();
  const reader = body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
    add(decoder.decode(part.value, { stream: true }));
}
