import type { Session } from "#server/wire";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";

/** Sessions: from where, with what, since when. @param end ends one; without it they are only shown. */
export function SessionList({
  sessions,
  end,
}: {
  readonly sessions: readonly Session[];
  readonly end?: (session: Session) => void;
}) {
  const now = useServerNow();
  if (sessions.length === 0) return <p className="text-soft">Nobody is logged in.</p>;
  return (
    <ul className="divide-y divide-line">
      {sessions.map((session) => (
        <li key={session.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
          <div className="min-w-0">
            <p className="break-words">
              <span className="mono">{session.source}</span> {session.current && <strong>this session</strong>}
            </p>
            <p className="break-words text-soft">
              {session.client === "" ? "an unnamed client" : session.client}, begun{" "}
              <Age at={session.createdAt} now={now} />, used <Age at={session.usedAt} now={now} />
            </p>
          </div>
          {end && !session.current && (
            <button type="button" className="button" onClick={() => end(session)}>
              End it
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
