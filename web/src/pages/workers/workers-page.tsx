import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import type { WorkerView } from "#server/wire";
import { useMe } from "../../app/session.tsx";
import { useServerNow } from "../../live/clock.ts";
import { useLive } from "../../live/live.tsx";
import { Empty, Loading } from "../../parts/empty.tsx";
import { Heading } from "../../parts/heading.tsx";
import { Icon } from "../../parts/icon.tsx";
import { includes } from "../../parts/may.ts";
import { Rows } from "../../parts/rows.tsx";
import { AnyDialog, type RunWish } from "../tools/tool-acts.tsx";
import { columnsFor, WorkerCells } from "./worker-cells.tsx";
import { WorkersFilter } from "./workers-filter.tsx";
import { byName, found, sorted } from "./workers-rows.ts";
import type { SortKey, WorkersSearch } from "./workers-search.ts";

const route = getRouteApi("/workers");

/** All workers that the reader may see, as they are now. */
export function WorkersPage() {
  const { workers, beats, isListed } = useLive();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/workers" });
  const now = useServerNow();
  const [running, setRunning] = useState<RunWish>();
  const { levels } = useMe();
  const columns = columnsFor(includes(levels.workers, "admin"));
  // The click is seen at once, and the rows follow: thousands are sorted and dozens drawn for it.
  const rows = useOrdered(workers, beats, useDeferredValue(search));
  const change = useCallback((next: WorkersSearch) => void navigate({ search: next, replace: true }), [navigate]);
  const { sort = "state", down = false } = search;
  const sortBy = (key: SortKey) => change({ ...search, sort: key, down: key === sort && !down });
  if (!isListed) return <Loading what="the workers" />;
  return (
    <>
      <Heading title="Workers">
        <p className="text-soft" role="status">
          {rows.length === workers.length ? `${rows.length} in all` : `${rows.length} of ${workers.length}`}
        </p>
        {includes(levels.workers, "admin") && (
          <Link to="/enrolment" className="button ml-auto">
            <Icon name="add" />
            Add a worker
          </Link>
        )}
      </Heading>
      {workers.length === 0 ? (
        <NoWorkers />
      ) : (
        <>
          <WorkersFilter search={search} change={change} workers={workers} />
          {rows.length === 0 ? (
            <NoMatch clear={() => change({})} />
          ) : (
            <Rows
              label="Workers"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              sort={{ key: sort, isDown: down }}
              onSort={(key) => sortBy(key as SortKey)}
              cells={(worker) => (
                <WorkerCells worker={worker} beat={beats.get(worker.id)} columns={columns} now={now} run={setRunning} />
              )}
            />
          )}
        </>
      )}
      {running && <AnyDialog wish={running} close={() => setRunning(undefined)} />}
    </>
  );
}

/** No heartbeat decides. */
const noBeats: ReturnType<typeof useLive>["beats"] = new Map();

/** Those that fit; sorted anew with each heartbeat only where heartbeats decide. */
function useOrdered(workers: readonly WorkerView[], beats: typeof noBeats, search: WorkersSearch) {
  const decisive = ["cpu", "memory", "response", "heard"].includes(search.sort ?? "state") ? beats : noBeats;
  const named = useMemo(() => byName(workers), [workers]);
  const matching = useMemo(() => found(named, search), [named, search]);
  return useMemo(() => sorted(matching, decisive, search), [matching, decisive, search]);
}

function NoMatch({ clear }: { readonly clear: () => void }) {
  return (
    <div className="sheet">
      <Empty title="No worker fits.">
        <button type="button" className="link" onClick={clear}>
          Show all of them
        </button>
      </Empty>
    </div>
  );
}

function NoWorkers() {
  return (
    <div className="sheet">
      <Empty title="No worker has joined this server, or none that you may see.">
        <p>
          <Link to="/enrolment" className="link">
            Add a worker
          </Link>
          : a machine joins with a token that an admin makes, and appears here at once.
        </p>
      </Empty>
    </div>
  );
}
