import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import type { Recording } from "#server/wire";
import { readRecording, recordingPath } from "../../api/recordings.ts";
import { useServerNow } from "../../live/clock.ts";
import { Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { bytesText, durationText, momentText } from "../../parts/quantities.ts";
import { RecordingState, whatText } from "./recording-state.tsx";

const Replay = lazy(async () => ({ default: (await import("./replay.tsx")).Replay }));
const StreamView = lazy(async () => ({ default: (await import("./stream-view.tsx")).StreamView }));

const route = getRouteApi("/recordings/$id");

/** One recording: what it is of, whether it is what was written, and what it shows (CAT-122). */
export function RecordingPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery({
    queryKey: ["recording", id],
    queryFn: ({ signal }) => readRecording(id, signal),
    staleTime: 0,
  });
  const over = () => void refetch();
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="text-soft">
          <Link to="/recordings" className="link">
            Recordings
          </Link>{" "}
          /
        </p>
        <Heading title={data?.user.name ? `${data.user.name} on ${data.worker.name}` : `Recording ${id}`}>
          {/* Of one with both its ends, reading it says whether what lies between was altered. */}
          {data && data.state !== "whole" && <RecordingState state={data.state} />}
          <a
            className="link ml-auto inline-flex items-center gap-1"
            href={recordingPath(id)}
            download={`${id}.${data?.kind === "tcp" ? "jsonl" : "cast"}`}
          >
            <Icon name="download" />
            Download
          </a>
        </Heading>
        {data && <Facts recording={data} />}
      </div>
      {error && !data && <ProblemNote error={error} retry={over} />}
      {!data && !error && <Loading what="the recording" />}
      {data && (
        <Suspense fallback={<Loading what="the recording" />}>
          {data.kind === "tcp" ? (
            <StreamView key={data.state} recording={data} over={over} />
          ) : (
            <Replay key={data.state} recording={data} over={over} />
          )}
        </Suspense>
      )}
      <p className="text-soft">Who looks at a recording stands in the audit.</p>
    </div>
  );
}

function Facts({ recording }: { readonly recording: Recording }) {
  const now = useServerNow();
  const { startedAt, durationMs, source, size, mode, why } = recording;
  return (
    <dl className="grid grid-cols-2 gap-x-8 gap-y-2 lg:grid-cols-4">
      <Fact name="What">{whatText(recording)}</Fact>
      <Fact name="Began">{momentText(startedAt, now)}</Fact>
      {durationMs !== undefined && <Fact name="Took">{durationText(durationMs)}</Fact>}
      {why !== undefined && why !== "over" && <Fact name="Ended by">{why}</Fact>}
      {source !== "" && <Fact name="From">{source}</Fact>}
      <Fact name="Rule">{mode === "strict" ? "nothing unrecorded" : "recorded as far as it can be"}</Fact>
      <Fact name="Size">{bytesText(size)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-soft">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}
