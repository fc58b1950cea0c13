import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { Age } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";

/** Workers that came in since somebody looks at this page, the newest first. */
export function Joined() {
  const { workers, isListed } = useLive();
  const now = useServerNow();
  const before = useRef<ReadonlySet<string>>(undefined);
  if (isListed) before.current ??= new Set(workers.map(({ id }) => id));
  const fresh = workers.filter(({ id }) => before.current?.has(id) === false).sort((a, b) => b.since - a.since);
  return (
    <section aria-label="Just joined" className="sheet p-5" aria-live="polite">
      <h2 className="mb-2">Just joined</h2>
      {fresh.length === 0 && <p className="text-soft">None yet. Whoever comes in shows up here at once.</p>}
      <ul className="divide-y divide-line">
        {fresh.map(({ id, name, state, since }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 py-1.5">
            <WorkerBadge state={state} />
            <Link to="/workers/$worker" params={{ worker: name }} className="link min-w-0 font-medium break-words">
              {name}
            </Link>
            <span className="ml-auto text-soft">
              <Age at={since} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
