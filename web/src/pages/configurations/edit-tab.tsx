import { useQuery, useQueryClient } from "@tanstack/react-query";
import { checkConfig, readText, writeConfig } from "../../api/configurations.ts";
import { problemOf } from "../../api/problem.ts";
import { Loading } from "../../parts/empty.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { Editing } from "./editing.tsx";

/** A configuration of the server as text; saved, it is the next version, for some workers first or for all at once. */
export function EditTab({
  name,
  mayWrite,
  done,
}: {
  readonly name: string;
  readonly mayWrite: boolean;
  readonly done: () => void;
}) {
  const queries = useQueryClient();
  const read = useQuery({
    queryKey: ["config", name, "text"],
    queryFn: ({ signal }) => readText(name, signal),
    gcTime: 0,
  });
  // Once it is there it stays, for somebody may have typed: whatever fails later is said where it was asked.
  if (!read.data && read.error) return <ProblemNote error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Loading what="the document" />;
  return (
    <Editing
      label={`Document of ${name}`}
      read={read.data}
      again={async () => (await read.refetch({ throwOnError: true })).data ?? read.data}
      check={(text, signal) => checkConfig(name, text, signal)}
      write={async (wish) => {
        await writeConfig(name, wish);
        await queries.invalidateQueries({ queryKey: ["config", name] });
        await queries.invalidateQueries({ queryKey: ["configs"] });
      }}
      differences={async (error) => {
        const { version = 0, changes = [] } = problemOf(error);
        return { version, changes };
      }}
      hasStages
      why={mayWrite ? undefined : "your role may not configure; an admin can change that"}
      done={done}
    />
  );
}
