import { useEffect, useState } from "react";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Loading } from "../parts/empty.tsx";
import type { IconName } from "../parts/icon.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { countText, spanText } from "../parts/quantities.ts";
import { asked } from "./api.ts";
import type { DoctorFinding } from "./shapes.ts";
import { useNow } from "./standing.tsx";

const looks: Readonly<Record<DoctorFinding["kind"], { readonly tone: Tone; readonly icon: IconName }>> = {
  ok: { tone: "ok", icon: "ok" },
  warning: { tone: "warn", icon: "warn" },
  fail: { tone: "bad", icon: "bad" },
};
const order: Readonly<Record<DoctorFinding["kind"], number>> = { fail: 0, warning: 1, ok: 2 };

interface Found {
  readonly findings: readonly DoctorFinding[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What `farhand worker doctor` finds, what is wrong first, each with what to do; it needs no worker that runs. */
export function Findings() {
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<unknown>();
  const [isLooking, setLooking] = useState(false);
  const now = useNow();
  const look = async () => {
    setLooking(true);
    try {
      const { findings } = await asked<{ findings: DoctorFinding[] }>("GET", "findings");
      setFound({ findings: findings.toSorted((a, b) => order[a.kind] - order[b.kind]), at: Date.now() });
      setError(undefined);
    } catch (problem) {
      setError(problem);
    }
    setLooking(false);
  };
  useEffect(() => void look(), []);
  return (
    <section aria-labelledby="findings">
      <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 id="findings">What its doctor finds</h2>
        {found && (
          <span className="text-soft">
            {sumOf(found.findings)}; looked {spanText(now - found.at)} ago
          </span>
        )}
        <button type="button" className="button ml-auto" disabled={isLooking} onClick={() => void look()}>
          Look again
        </button>
      </div>
      {error !== undefined && <ProblemNote error={error} />}
      {!found && error === undefined && <Loading what="what is found" />}
      {found && (
        <ul className="sheet divide-y divide-line" aria-label="Findings">
          {found.findings.map((finding) => (
            <Finding key={`${finding.check} ${finding.says}`} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

function sumOf(findings: readonly DoctorFinding[]): string {
  const count = (kind: DoctorFinding["kind"]) => findings.filter((each) => each.kind === kind).length;
  return `${countText(count("fail"), "failure")}, ${countText(count("warning"), "warning")}`;
}

function Finding({ finding: { check, kind, says, cure } }: { readonly finding: DoctorFinding }) {
  return (
    <li className="grid gap-x-4 px-4 py-2 sm:grid-cols-[7rem_1fr]">
      <Badge {...looks[kind]}>{kind}</Badge>
      <div className="min-w-0 break-words">
        <span className="font-medium">{check}</span> <span className="text-soft">{says}</span>
        {cure !== undefined && <p>Try: {cure}</p>}
      </div>
    </li>
  );
}
