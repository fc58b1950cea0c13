import { useMutation } from "@tanstack/react-query";
import { verifyAudit } from "../../api/audit.ts";
import { Badge } from "../../parts/badge.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";

/** Has the server read the whole audit, and says what it found. */
export function Verdict() {
  const { data, error, isPending, mutate } = useMutation({ mutationFn: verifyAudit });
  return (
    <>
      <button type="button" className="button" disabled={isPending} onClick={() => mutate()}>
        Verify
      </button>
      <div role="status">
        {data?.ok === true && (
          <Badge tone="ok" icon="ok">
            {`whole: ${data.rows} rows`}
          </Badge>
        )}
        {data?.ok === false && (
          <Badge tone="bad" icon="bad">
            {`row ${data.sequence} is wrong: ${data.meaning}`}
          </Badge>
        )}
      </div>
      {error && <ProblemNote error={error} />}
    </>
  );
}
