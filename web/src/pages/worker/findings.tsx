import { useQuery } from "@tanstack/react-query";
import type { Hints, WorkerView } from "#server/wire";
import { readHints } from "../../api/workers.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Loading } from "../../parts/empty.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";

type Look = { readonly tone: Tone; readonly icon: IconName };
const hintLooks: Readonly<Record<Hints["hints"][number]["state"], Look>> = {
  fine: { tone: "ok", icon: "ok" },
  trouble: { tone: "bad", icon: "bad" },
  unknown: { tone: "warn", icon: "warn" },
  unneeded: { tone: "quiet", icon: "stopped" },
};
const findingLooks: Readonly<Record<"ok" | "warning" | "fail", Look>> = {
  ok: { tone: "ok", icon: "ok" },
  warning: { tone: "warn", icon: "warn" },
  fail: { tone: "bad", icon: "bad" },
};

/** What keeps people from the worker, and what its own doctor says (CAT-114). */
export function Findings({ worker }: { readonly worker: WorkerView }) {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["hints", worker.id],
    queryFn: ({ signal }) => readHints(worker.id, signal),
  });
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="what is found" />;
  return (
    <div className="flex flex-col gap-4">
      <button type="button" className="button self-start" disabled={isFetching} onClick={() => void refetch()}>
        Look again
      </button>
      <section aria-label="Reaching it">
        <h2 className="mb-2">Reaching it</h2>
        <ul className="sheet divide-y divide-line">
          {data.hints.map(({ question, state, says, cure, who }) => (
            <Line
              key={question}
              look={hintLooks[state]}
              word={state}
              title={question}
              says={says}
              cure={cure}
              who={who}
            />
          ))}
        </ul>
      </section>
      <section aria-label="What its doctor says">
        <h2 className="mb-2">What its doctor says</h2>
        {data.findings ? (
          <ul className="sheet divide-y divide-line">
            {data.findings.map(({ check, kind, says, cure }) => (
              <Line
                key={`${check} ${says}`}
                look={findingLooks[kind]}
                word={kind}
                title={check}
                says={says}
                cure={cure}
                who={undefined}
              />
            ))}
          </ul>
        ) : (
          <p className="text-soft">It could not be asked.</p>
        )}
      </section>
    </div>
  );
}

interface LineProps {
  readonly look: Look;
  readonly word: string;
  readonly title: string;
  readonly says: string;
  readonly cure: string | undefined;
  readonly who: string | undefined;
}

function Line({ look, word, title, says, cure, who }: LineProps) {
  return (
    <li className="grid gap-x-4 px-4 py-2 sm:grid-cols-[7rem_1fr]">
      <Badge {...look}>{word}</Badge>
      <div className="min-w-0 break-words">
        <span className="font-medium">{title}</span> <span className="text-soft">{says}</span>
        {cure !== undefined && <p>Try: {cure}</p>}
        {who !== undefined && <p className="text-soft">Who can change it: {who}</p>}
      </div>
    </li>
  );
}
