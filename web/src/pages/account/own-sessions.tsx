import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Session } from "#server/wire";
import { endOwnSession, readOwnSessions } from "../../api/users.ts";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { SessionList } from "../people/session-list.tsx";

/** Where one is logged in, and an end to it. */
export function OwnSessions() {
  const { data, error, refetch } = useQuery({
    queryKey: ["own-sessions"],
    queryFn: ({ signal }) => readOwnSessions(signal),
  });
  const [failure, setFailure] = useState<unknown>();
  const end = ({ id }: Session) => {
    setFailure(undefined);
    endOwnSession(id)
      .catch(setFailure)
      .finally(() => void refetch());
  };
  const problem = failure ?? error ?? undefined;
  return (
    <section aria-label="Sessions" className="sheet p-5">
      <h2 className="mb-2">Sessions</h2>
      {problem !== undefined && <ProblemNote error={problem} />}
      {data && <SessionList sessions={data} end={end} />}
    </section>
  );
}
