import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Recording } from "#server/wire";
import { readRecordings } from "../../api/recordings.ts";
import { useServerNow } from "../../live/clock.ts";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText, durationText, momentText } from "../../parts/quantities.ts";
import { Table, type TableColumn } from "../../parts/table.tsx";
import { RecordingState, whatText } from "./recording-state.tsx";

const columns: readonly TableColumn[] = [
  { name: "State" },
  { name: "Began" },
  { name: "Who" },
  { name: "On worker" },
  { name: "What", room: "max-md:hidden" },
  { name: "Took", isNumber: true },
  { name: "From", room: "max-lg:hidden" },
  { name: "Size", isNumber: true, room: "max-md:hidden" },
];

/** What was recorded of terminals and TCP streams, the newest first (CAT-122). */
export function RecordingsPage() {
  const [live, setLive] = useState(false);
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["recordings", live],
    queryFn: ({ pageParam, signal }) => readRecordings(live, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    staleTime: 0,
  });
  const recordings = data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <Heading title="Recordings">
        <label className="ml-auto flex items-center gap-2">
          <input type="checkbox" checked={live} onChange={({ target }) => setLive(target.checked)} />
          only those that go on
        </label>
        <button type="button" className="button" disabled={isFetching} onClick={() => void refetch()}>
          Look again
        </button>
      </Heading>
      {error && <ProblemNote error={error} retry={() => void refetch()} />}
      {!recordings && !error && <Loading what="the recordings" />}
      {recordings?.length === 0 && <None live={live} />}
      {recordings && recordings.length > 0 && (
        <>
          <RecordingTable recordings={recordings} />
          <p className="mt-2 text-soft">
            Whole ones have their beginning and their end as they were written; whether what lies between was altered is
            seen when they are played.
          </p>
        </>
      )}
      {hasNextPage && (
        <button type="button" className="button mt-3" disabled={isFetching} onClick={() => void fetchNextPage()}>
          Older ones
        </button>
      )}
    </>
  );
}

function None({ live }: { readonly live: boolean }) {
  return (
    <div className="sheet">
      <Empty title={live ? "Nothing is recorded now." : "Nothing was recorded yet."}>
        A shell on a worker is recorded unless the policy file of the server says <code className="mono">off</code> (
        <code className="mono">record.shell</code>), a TCP stream where it wants that (
        <code className="mono">record.tcp</code>).
      </Empty>
    </div>
  );
}

function RecordingTable({ recordings }: { readonly recordings: readonly Recording[] }) {
  const now = useServerNow();
  return (
    <Table label="Recordings" columns={columns}>
      {recordings.map((recording) => (
        <Row key={recording.id} recording={recording} now={now} />
      ))}
    </Table>
  );
}

function Row({ recording, now }: { readonly recording: Recording; readonly now: number }) {
  const { id, state, startedAt, user, worker, durationMs, source, size } = recording;
  return (
    <tr className="hover:bg-sunk">
      <td className="cell">
        <RecordingState state={state} />
      </td>
      <td className="cell whitespace-nowrap">
        <Link to="/recordings/$id" params={{ id }} className="link">
          {momentText(startedAt, now)}
        </Link>
      </td>
      <td className="cell">{user.name || "–"}</td>
      <td className="cell whitespace-nowrap">{worker.name || "–"}</td>
      <td className="cell mono max-md:hidden">{whatText(recording)}</td>
      <td className="cell number whitespace-nowrap">{durationMs === undefined ? "–" : durationText(durationMs)}</td>
      <td className="cell mono max-lg:hidden">{source}</td>
      <td className="cell number max-md:hidden">{bytesText(size)}</td>
    </tr>
  );
}
