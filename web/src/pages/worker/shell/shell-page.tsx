import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { WorkerView } from "#server/wire";
import { readWorker } from "../../../api/workers.ts";
import { useLiveWorker } from "../../../live/live.tsx";
import { Loading } from "../../../parts/empty.tsx";
import { Heading } from "../../../parts/heading.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { whyNotShell } from "../../../parts/may.ts";
import { ProblemNote } from "../../../parts/problem-note.tsx";

const ShellView = lazy(async () => ({ default: (await import("./shell-view.tsx")).ShellView }));

const route = getRouteApi("/workers/$worker/shell");

/** A shell on a worker: opened when somebody says so, and not by an address alone. */
export function ShellPage() {
  const { worker: name } = route.useParams();
  const { data, error, refetch } = useQuery({
    queryKey: ["worker", name],
    queryFn: ({ signal }) => readWorker(name, signal),
  });
  const live = useLiveWorker(data?.id ?? name);
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="text-soft">
          <Link to="/workers/$worker" params={{ worker: name }} className="link">
            {name}
          </Link>{" "}
          / shell
        </p>
        <Heading title={`Shell on ${name}`} />
      </div>
      {error && !data && <ProblemNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what={name} />}
      {data && <Shell worker={{ ...data, ...live.worker }} />}
    </div>
  );
}

function Shell({ worker }: { readonly worker: WorkerView }) {
  const [opened, setOpened] = useState(0);
  const why = whyNotShell(worker);
  const open = () => setOpened((times) => times + 1);
  return (
    <>
      {opened > 0 ? (
        <Suspense fallback={<Loading what="the terminal" />}>
          <ShellView key={opened} worker={worker.name} again={open} />
        </Suspense>
      ) : (
        <div className="sheet flex flex-col items-start gap-3 p-4">
          <p>
            What the terminal shows is recorded, unless the policy of the server says otherwise, and can be played by
            whoever may read the audit. Keys are not recorded: what is typed unseen is a password.
          </p>
          {why !== undefined && <p className="text-bad">No shell can be opened: {why}.</p>}
          <button type="button" className="button button-main" disabled={why !== undefined} title={why} onClick={open}>
            <Icon name="shell" />
            Open a shell
          </button>
        </div>
      )}
    </>
  );
}
