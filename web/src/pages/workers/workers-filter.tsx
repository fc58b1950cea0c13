import { useEffect, useMemo, useRef, useState } from "react";
import type { WorkerView } from "#server/wire";
import type { WorkersSearch } from "./workers-search.ts";

/** The list follows what is typed when nothing was typed for so long. */
const followAfterMs = 120;
const states = ["online", "late", "lost", "stopped", "trouble"];

/** What is searched, and which states. */
export function WorkersFilter({
  search,
  change,
  workers,
}: {
  readonly search: WorkersSearch;
  readonly change: (next: WorkersSearch) => void;
  readonly workers: readonly WorkerView[];
}) {
  const { q = "", state: _state, ...order } = search;
  const [text, setText] = useState(q);
  const sent = useRef(q);
  useEffect(() => {
    // From elsewhere, and not what was typed a moment ago.
    if (q !== sent.current) setText(q);
    sent.current = q;
  }, [q]);
  useEffect(() => {
    if (text === q) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      change({ ...search, q: text });
    }, followAfterMs);
    return () => clearTimeout(timer);
  }, [text, q, search, change]);
  const labels = useMemo(() => labelsOf(workers), [workers]);
  return (
    <div role="search" className="mb-3 flex flex-wrap gap-2">
      <input
        type="search"
        aria-label="Search by name, host or label"
        placeholder="Name, host, or label such as region=eu"
        className="field max-w-sm"
        list="worker-labels"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <datalist id="worker-labels">
        {labels.map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
      <select
        aria-label="State"
        className="field w-auto"
        value={search.state ?? ""}
        onChange={({ target }) =>
          change({ ...order, ...(search.q && { q: search.q }), ...(target.value && { state: target.value }) })
        }
      >
        <option value="">every state</option>
        {states.map((state) => (
          <option key={state}>{state}</option>
        ))}
      </select>
    </div>
  );
}

/** Some of the labels there are, to choose from. */
function labelsOf(workers: readonly WorkerView[]): string[] {
  const some = workers.slice(0, 1_000).flatMap(({ labels }) => Object.entries(labels).map((pair) => pair.join("=")));
  return [...new Set(some)].slice(0, 200);
}
