import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PendingWorker } from "#server/wire";
import { readPending } from "../../api/workers.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { ApproveDialog, RejectDialog } from "./decide-dialog.tsx";

/** No worker yet, they are told by no live line: they are read again while somebody looks at them. */
const readEveryMs = 3_000;

interface Decision {
  readonly act: "approve" | "reject";
  readonly worker: PendingWorker;
}

/** Machines that came without a token: what they claim, and their fingerprint, which is proved. */
export function WaitingWorkers() {
  const now = useServerNow();
  const [decision, setDecision] = useState<Decision>();
  const { data, error, refetch } = useQuery({
    queryKey: ["pending"],
    queryFn: ({ signal }) => readPending(signal),
    refetchInterval: readEveryMs,
  });
  const done = () => {
    setDecision(undefined);
    void refetch();
  };
  const close = () => setDecision(undefined);
  return (
    <section aria-label="Waiting to be let in" className="sheet p-5" aria-live="polite">
      <h2 className="mb-2">Waiting to be let in</h2>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {data?.items.length === 0 && <p className="text-soft">No machine waits.</p>}
      <ul className="divide-y divide-line">
        {data?.items.map((worker) => (
          <li key={worker.fingerprint} className="flex flex-col gap-1.5 py-3">
            <Claims worker={worker} />
            <p className="text-soft">
              asks from <span className="mono">{worker.source}</span> since <Age at={worker.createdAt} now={now} />,
              last <Age at={worker.askedAt} now={now} />
            </p>
            <div className="flex flex-wrap gap-2">
              <button
                type="button"
                className="button button-main"
                aria-label={`Let it in… ${worker.name}`}
                onClick={() => setDecision({ act: "approve", worker })}
              >
                Let it in…
              </button>
              <button
                type="button"
                className="button button-bad"
                aria-label={`Send it away… ${worker.name}`}
                onClick={() => setDecision({ act: "reject", worker })}
              >
                Send it away…
              </button>
            </div>
          </li>
        ))}
      </ul>
      {decision?.act === "approve" && <ApproveDialog worker={decision.worker} close={close} done={done} />}
      {decision?.act === "reject" && <RejectDialog worker={decision.worker} close={close} done={done} />}
    </section>
  );
}

function Claims({ worker: { name, hostName, mode, fingerprint } }: { readonly worker: PendingWorker }) {
  return (
    <>
      <p className="break-words">
        <span className="font-medium">{name}</span>{" "}
        <span className="text-soft">
          says that it is {hostName}, mode {mode}
        </span>
      </p>
      <code className="mono break-all">{fingerprint}</code>
    </>
  );
}
