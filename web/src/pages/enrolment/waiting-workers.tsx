import { useState } from "react";
import type { PendingNow, PendingWorker } from "#server/wire";
import { AsOf } from "../../live/as-of.tsx";
import { useChannel } from "../../live/channel.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { ApproveDialog, RejectDialog } from "./decide-dialog.tsx";

interface Decision {
  readonly act: "approve" | "reject";
  readonly worker: PendingWorker;
}

/** Machines that came without a token: what they claim, and their fingerprint, which is proved. */
export function WaitingWorkers() {
  const now = useServerNow();
  const [decision, setDecision] = useState<Decision>();
  const { value, error } = useChannel("pending");
  const data = value as PendingNow | undefined;
  const close = () => setDecision(undefined);
  return (
    <section aria-label="Waiting to be let in" className="sheet p-5" aria-live="polite">
      <h2 className="mb-2">Waiting to be let in</h2>
      <AsOf />
      {error && <ProblemNote error={error} />}
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
      {data && data.more > 0 && <p className="text-soft">{data.more} more wait behind these.</p>}
      {decision?.act === "approve" && <ApproveDialog worker={decision.worker} close={close} done={close} />}
      {decision?.act === "reject" && <RejectDialog worker={decision.worker} close={close} done={close} />}
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
