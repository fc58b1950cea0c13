import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { NewEnrolment } from "#server/wire";
import { readEnrolments } from "../../api/enrolments.ts";
import { useLive } from "../../live/live.tsx";
import { Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { EnrolmentList } from "./enrolment-list.tsx";
import { HowToJoin, NewToken } from "./how-to-join.tsx";
import { Joined } from "./joined.tsx";
import { TokenForm } from "./token-form.tsx";
import { WaitingWorkers } from "./waiting-workers.tsx";

/** How another machine becomes a worker: with a token, or by a person's word (CAT-33). */
export function EnrolmentPage() {
  const { workers } = useLive();
  const [made, setMade] = useState<NewEnrolment>();
  const { data, error, refetch } = useQuery({
    // A worker that came in has used one.
    queryKey: ["enrolments", workers.length],
    queryFn: ({ signal }) => readEnrolments(signal),
    placeholderData: (before) => before,
  });
  const took = (given: NewEnrolment) => {
    setMade(given);
    void refetch();
  };
  return (
    <>
      <Heading title="Add a worker" />
      <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-2">
        <section aria-label="A token for it" className="sheet p-5">
          {made ? <NewToken made={made} another={() => setMade(undefined)} /> : <TokenForm done={took} />}
        </section>
        <div className="flex flex-col gap-4">
          <Joined />
          <WaitingWorkers />
          <HowToJoin />
        </div>
      </div>
      <section aria-label="Tokens" className="mt-6">
        <h2 className="mb-2">Tokens</h2>
        {error && <ProblemNote error={error} retry={() => void refetch()} />}
        {!data && !error && <Loading what="the tokens" />}
        {data && <EnrolmentList enrolments={data} changed={() => void refetch()} />}
      </section>
    </>
  );
}
