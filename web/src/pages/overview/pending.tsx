import { Link } from "@tanstack/react-router";
import type { PendingNow } from "#server/wire";
import { useMe } from "../../app/session.tsx";
import { useChannel } from "../../live/channel.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { includes } from "../../parts/may.ts";

/** Workers that came without a token and wait for a person, told to those who may decide. */
export function Pending() {
  const { levels } = useMe();
  return includes(levels.workers, "admin") ? <Waiting /> : null;
}

function Waiting() {
  const now = useServerNow();
  const data = useChannel("pending").value as PendingNow | undefined;
  if (!data || data.items.length === 0) return null;
  return (
    <section aria-label="Waiting to be let in">
      <h2 className="mb-2">Waiting to be let in</h2>
      <ul className="sheet divide-y divide-line">
        {data.items.map(({ fingerprint, name, hostName, source, createdAt }) => (
          <li key={fingerprint} className="px-4 py-2">
            <p>
              <span className="font-medium">{name}</span>{" "}
              <span className="text-soft">
                {hostName}, from {source}, <Age at={createdAt} now={now} />
              </span>
            </p>
            <p>
              <span className="mono break-all">{fingerprint}</span>{" "}
              <Link to="/enrolment" className="link">
                Let it in, or send it away
              </Link>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
