import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { WorkerConfiguration, WorkerView } from "#server/wire";
import { readWorkerConfiguration } from "../../../api/worker-configuration.ts";
import { AsOf } from "../../../live/as-of.tsx";
import { useServerNow } from "../../../live/clock.ts";
import { useLive } from "../../../live/live.tsx";
import { useToldQuery } from "../../../live/told-query.ts";
import { Age } from "../../../parts/age.tsx";
import { Command, Loading } from "../../../parts/empty.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { includes } from "../../../parts/may.ts";
import { ProblemNote } from "../../../parts/problem-note.tsx";
import { OutcomeBadge } from "../../configurations/config-workers.tsx";
import { ConfigValues } from "./config-values.tsx";
import { EditOwn } from "./edit-own.tsx";
import { Provisional } from "./provisional.tsx";

/** An edit that nobody confirms has returned by then, milliseconds after its time. */
const returnedMs = 2_000;

type Told = NonNullable<WorkerConfiguration["told"]>;

/** What the worker is to go by, what it goes by, where each value comes from, and the way to edit it (CAT-78). */
export function WorkerConfig({ worker }: { readonly worker: WorkerView }) {
  const { data, error, refetch } = useToldQuery({
    key: ["worker-configuration", worker.id],
    channel: `worker-configuration/${worker.id}`,
    read: (signal) => readWorkerConfiguration(worker.id, signal),
    also: `${worker.state} ${worker.cause}`,
  });
  const again = async () => void (await refetch());
  useReturn(data?.told?.provisional?.until, refetch);
  // Somebody types: the worker may go away meanwhile, and the text may not.
  const [edited, setEdited] = useState<Told>();
  if (edited)
    return (
      <EditOwn
        worker={worker}
        told={edited}
        done={() => {
          setEdited(undefined);
          void again();
        }}
      />
    );
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="its configuration" />;
  const { held, told, why } = data;
  return (
    <div className="flex flex-col gap-4">
      <AsOf />
      {told?.provisional && (
        <Provisional
          worker={worker}
          version={told.version}
          provisional={told.provisional}
          isWaiting={told.pending.some(({ applies }) => applies === "restart")}
          again={again}
        />
      )}
      {held && <Held held={held} />}
      {!held && worker.mode === "cloud" && <NoneNamed worker={worker} />}
      {told ? (
        <Shown worker={worker} told={told} edit={() => setEdited(told)} />
      ) : (
        <NotTold worker={worker} why={why} />
      )}
    </div>
  );
}

/** The worker takes an edit back by itself, and tells nobody: it is looked at once more when it must have. @param until its time. */
function useReturn(until: number | undefined, look: () => unknown): void {
  const { aheadMs } = useLive();
  const isKnown = until !== undefined;
  const at = (until ?? 0) + returnedMs - aheadMs;
  useEffect(() => {
    const leftMs = at - Date.now();
    if (!isKnown || leftMs < 0) return undefined;
    const timer = setTimeout(look, leftMs);
    return () => clearTimeout(timer);
  }, [isKnown, at, look]);
}

/** What the server wants, and what it has heard: also of a worker that is away. */
function Held({ held }: { readonly held: NonNullable<WorkerConfiguration["held"]> }) {
  const { config, mode, wanted, running, first, outcome } = held;
  const now = useServerNow();
  const link = (
    <Link to="/configurations/$name" params={{ name: config }} className="link font-semibold">
      {config}
    </Link>
  );
  if (mode !== "cloud")
    return (
      <p className="rounded-md border border-warn bg-warn-wash px-3 py-2">
        Its label names the server’s configuration {link}, but it keeps its own (mode {mode}) and takes nothing from
        there.
      </p>
    );
  return (
    <section aria-label="Configuration of the server" className="sheet flex flex-col gap-2 p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2>The server’s configuration {link}</h2>
        <Link
          to="/configurations/$name"
          params={{ name: config }}
          search={{ tab: "edit" }}
          className="button ml-auto"
          title="It is edited at the server, for all its workers"
        >
          <Icon name="edit" />
          Edit
        </Link>
      </div>
      <p>
        It is to go by <strong>{wanted === null ? "none yet" : `version ${wanted}`}</strong>
        {first && ", before the others"}, and goes by{" "}
        <strong>{running === null || running === 0 ? "none, as far as it has said" : `version ${running}`}</strong>.
      </p>
      {outcome && (
        <p className="flex flex-wrap items-center gap-x-3">
          <OutcomeBadge outcome={outcome} />
          <span className="break-words">{outcome.detail}</span>
          <span className="text-soft">
            <Age at={outcome.at} now={now} />
          </span>
        </p>
      )}
    </section>
  );
}

function NoneNamed({ worker }: { readonly worker: WorkerView }) {
  return (
    <section aria-label="None named" className="sheet p-4">
      <p>
        It takes its configuration from the server, and nobody has named one for it. An admin does, at a configuration
        or by
      </p>
      <Command>{`farhand workers set ${worker.name} --label farhand/config=NAME`}</Command>
    </section>
  );
}

function NotTold({ worker, why }: { readonly worker: WorkerView; readonly why: string | null }) {
  return (
    <section aria-label="Not told" className="sheet p-4">
      <p className="font-medium">It could not be asked what it goes by: {why ?? "it did not answer"}.</p>
      {worker.mode !== "cloud" && (
        <>
          <p className="mt-2 text-soft">
            It keeps its configuration in a file of its own. While it is away, only who keeps its machine can edit it,
            there:
          </p>
          <Command>farhand worker edit</Command>
        </>
      )}
    </section>
  );
}

interface ShownProps {
  readonly worker: WorkerView;
  readonly told: Told;
  readonly edit: () => void;
}

function Shown({ worker, told, edit }: ShownProps) {
  const { place, state, faults, pending, values } = told;
  const why = includes(worker.level, "configure") ? undefined : `your role may ${worker.level} it`;
  return (
    <>
      {place.kind === "file" && (
        <section aria-label="Its own configuration" className="sheet flex flex-wrap items-center gap-x-4 gap-y-2 p-4">
          <h2>Its own configuration, version {told.version}</h2>
          <code className="mono break-all text-soft">{place.path}</code>
          <button
            type="button"
            className="button ml-auto"
            disabled={why !== undefined}
            title={why ?? "It is edited through the worker’s service"}
            onClick={edit}
          >
            <Icon name="edit" />
            Edit
          </button>
        </section>
      )}
      {state === "misconfigured" && (
        <div role="alert" className="rounded-md border border-bad bg-bad-wash p-3">
          <p className="font-medium">What is written cannot be used; it goes by what it had before.</p>
          <ul>
            {faults.map(({ path, reason }) => (
              <li key={`${path} ${reason}`} className="break-words">
                <code className="mono">{path}</code> {reason}
              </li>
            ))}
          </ul>
        </div>
      )}
      {pending.length > 0 && (
        <p className="rounded-md border border-warn bg-warn-wash px-3 py-2">
          Not in force yet: {pending.map(({ path, applies }) => `${path} (${waits[applies]})`).join(", ")}
        </p>
      )}
      <ConfigValues values={values} />
    </>
  );
}

const waits = { live: "at once", drain: "when its units have ended", restart: "at its next start" } as const;
