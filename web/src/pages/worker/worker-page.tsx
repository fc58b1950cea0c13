import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { useState } from "react";
import type { WorkerView } from "#server/wire";
import { readWorker } from "../../api/workers.ts";
import { useServerNow } from "../../live/clock.ts";
import { useLiveWorker } from "../../live/live.tsx";
import { Age } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { whyNotRun } from "../../parts/may.ts";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { ShellLink } from "./shell/shell-link.tsx";
import { AnyDialog, type RunWish, ToolButtons } from "../tools/tool-acts.tsx";
import { About } from "./about.tsx";
import { Connection } from "./connection.tsx";
import { WorkerConfig } from "./configuration/worker-config.tsx";
import { Findings } from "./findings.tsx";
import { Health } from "./health.tsx";
import { type WorkerTab, workerTabs } from "./worker-search.ts";
import { WorkerUnits } from "./worker-units.tsx";

const route = getRouteApi("/workers/$worker");
const titles: Readonly<Record<WorkerTab, string>> = {
  health: "Health",
  units: "Units",
  configuration: "Configuration",
  connection: "Connection",
  findings: "Findings",
  about: "About",
};

/** One worker: how it does, its units, its configuration, the way to it, what its doctor finds, and what it is. */
export function WorkerPage() {
  const { worker: name } = route.useParams();
  const { data, error, refetch } = useQuery({
    queryKey: ["worker", name],
    queryFn: ({ signal }) => readWorker(name, signal),
  });
  const live = useLiveWorker(data?.id ?? name);
  if (error && !data)
    return (
      <>
        <Heading title={name} />
        <ProblemNote error={error} retry={() => void refetch()} />
      </>
    );
  if (!data) return <Loading what={name} />;
  return <Shown worker={{ ...data, ...live.worker }} />;
}

function Shown({ worker }: { readonly worker: WorkerView }) {
  const { tab = "health" } = route.useSearch();
  const navigate = route.useNavigate();
  const now = useServerNow();
  const [running, setRunning] = useState<RunWish>();
  const why = whyNotRun(worker);
  return (
    <>
      <p className="text-soft">
        <Link to="/workers" className="link">
          Workers
        </Link>{" "}
        /
      </p>
      <Heading title={worker.name}>
        <WorkerBadge state={worker.state} troubled={worker.trouble !== undefined} />
        <span className="text-soft">
          {worker.cause}, <Age at={worker.since} now={now} />
        </span>
        <span className="ml-auto flex flex-wrap gap-2">
          <button
            type="button"
            className="button button-main"
            disabled={why !== undefined}
            title={why}
            onClick={() => setRunning({ worker })}
          >
            <Icon name="run" />
            Run…
          </button>
          <ToolButtons worker={worker} run={setRunning} />
          <ShellLink worker={worker} />
        </span>
      </Heading>
      {why !== undefined && <p className="mb-3 text-soft">Nothing can be run: {why}.</p>}
      {worker.trouble !== undefined && (
        <p className="mb-3 rounded-md border border-warn bg-warn-wash px-3 py-2">{worker.trouble}</p>
      )}
      <Tabs.Root
        value={tab}
        onValueChange={(next) => void navigate({ search: { tab: next as WorkerTab }, replace: true })}
      >
        <Tabs.List aria-label={`Parts of ${worker.name}`} className="mb-4 flex flex-wrap gap-1 border-b border-line">
          {workerTabs.map((one) => (
            <Tabs.Trigger
              key={one}
              value={one}
              className="-mb-px cursor-pointer border-b-2 border-transparent px-3 py-1.5 text-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-accent"
            >
              {titles[one]}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="health">
          <Health worker={worker} />
        </Tabs.Content>
        <Tabs.Content value="units">
          <WorkerUnits worker={worker.name} />
        </Tabs.Content>
        <Tabs.Content value="configuration">
          <WorkerConfig worker={worker} />
        </Tabs.Content>
        <Tabs.Content value="connection">
          <Connection worker={worker} />
        </Tabs.Content>
        <Tabs.Content value="findings">
          <Findings worker={worker} />
        </Tabs.Content>
        <Tabs.Content value="about">
          <About worker={worker} now={now} />
        </Tabs.Content>
      </Tabs.Root>
      {running && <AnyDialog wish={running} close={() => setRunning(undefined)} />}
    </>
  );
}
