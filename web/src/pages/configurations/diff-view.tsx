import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { readDiff, readTextOf } from "../../api/configurations.ts";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { type DiffLine, diffLines, hunksOf } from "./diff-lines.ts";

interface DiffViewProps {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What differs between two versions, by sign and by colour; of secrets only that they are others. */
export function DiffView({ name, from, to }: DiffViewProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ["config", name, "diff", from, to],
    queryFn: async ({ signal }) => {
      const [before, after, { changes }] = await Promise.all([
        readTextOf(name, from, signal),
        readTextOf(name, to, signal),
        readDiff(name, from, to, signal),
      ]);
      return { before: before.text, after: after.text, changes };
    },
  });
  const hunks = useMemo(() => (data ? hunksOf(diffLines(data.before, data.after)) : []), [data]);
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="the difference" />;
  const secrets = data.changes.filter(({ before, after }) => JSON.stringify(before) === JSON.stringify(after));
  return (
    <section aria-label={`From version ${from} to version ${to}`} className="sheet overflow-hidden">
      <h3 className="border-b border-line px-4 py-2 font-semibold">
        From version {from} to version {to}
      </h3>
      {data.changes.length === 0 && <p className="px-4 py-3">Nothing differs.</p>}
      {hunks.length > 0 && (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Lines that differ">
          <table className="mono w-full">
            <tbody>
              {hunks.map(({ skipped, lines }) => (
                <HunkRows key={`${lines[0]?.from} ${lines[0]?.to}`} skipped={skipped} lines={lines} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {secrets.map(({ path }) => (
        <p key={path} className="border-t border-line px-4 py-2">
          The secret at <code className="mono">{path}</code> is another one.
        </p>
      ))}
    </section>
  );
}

function HunkRows({ skipped, lines }: { readonly skipped: number; readonly lines: readonly DiffLine[] }) {
  return (
    <>
      {skipped > 0 && (
        <tr className="bg-sunk text-soft">
          <td colSpan={3} className="px-3 py-0.5">
            {skipped === 1 ? "one equal line" : `${skipped} equal lines`}
          </td>
        </tr>
      )}
      {lines.map((line) => (
        <Row key={`${line.from} ${line.to}`} line={line} />
      ))}
    </>
  );
}

const looks = { " ": "", "-": "bg-bad-wash", "+": "bg-accent-wash" } as const;
const words = { " ": "", "-": "taken away: ", "+": "added: " } as const;

function Row({ line: { sign, text, from, to } }: { readonly line: DiffLine }) {
  return (
    <tr className={looks[sign]}>
      <td className="w-10 px-2 text-end text-soft select-none">{from}</td>
      <td className="w-10 px-2 text-end text-soft select-none">{to}</td>
      <td className="px-2 whitespace-pre">
        <span aria-hidden="true" className="mr-2 font-bold">
          {sign}
        </span>
        <span className="sr-only">{words[sign]}</span>
        {text}
      </td>
    </tr>
  );
}
