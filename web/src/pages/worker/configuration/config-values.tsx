import { useState } from "react";
import type { WorkerConfiguration } from "#server/wire";
import { Icon } from "../../../parts/icon.tsx";

type Value = NonNullable<WorkerConfiguration["told"]>["values"][number];

/** Every value that holds there, and where it comes from; at first those that are no default (CAT-8). */
export function ConfigValues({ values }: { readonly values: readonly Value[] }) {
  const [isWhole, setWhole] = useState(false);
  const given = values.filter(({ source }) => source !== "default");
  const shown = isWhole ? values : given;
  return (
    <section aria-label="What is in force" className="sheet overflow-hidden">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2">
        <h2>What is in force</h2>
        <label className="ml-auto flex items-center gap-2">
          <input type="checkbox" checked={isWhole} onChange={({ target }) => setWhole(target.checked)} />
          with defaults ({values.length - given.length})
        </label>
      </div>
      {shown.length === 0 && <p className="px-4 py-3 text-soft">Nothing is set: the defaults hold.</p>}
      {shown.length > 0 && (
        <ul className="divide-y divide-line">
          {shown.map((value) => (
            <Line key={value.path} value={value} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ value: { path, value, source, fixed } }: { readonly value: Value }) {
  return (
    <li className="grid gap-x-4 px-4 py-1.5 sm:grid-cols-[14rem_1fr_1fr]">
      <code className="mono break-all">{path}</code>
      <code className="mono min-w-0 break-all">{JSON.stringify(value)}</code>
      <span className="min-w-0 break-words text-soft">
        {source}
        {fixed !== null && (
          <span className="flex items-start gap-1 text-warn">
            <Icon name="warn" className="mt-0.5" />
            {fixed}
          </span>
        )}
      </span>
    </li>
  );
}
