import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ConfigOutcome, ConfigUser } from "#server/wire";
import { readConfigUsers } from "../../api/configurations.ts";
import { AsOf } from "../../live/as-of.tsx";
import { useServerNow } from "../../live/clock.ts";
import { useMe } from "../../app/session.tsx";
import { useLive } from "../../live/live.tsx";
import { useToldQuery } from "../../live/told-query.ts";
import { Age } from "../../parts/age.tsx";
import { Badge, type Tone, WorkerBadge } from "../../parts/badge.tsx";
import { Command, Empty, Loading } from "../../parts/empty.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { includes } from "../../parts/may.ts";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { type Column, Rows } from "../../parts/rows.tsx";
import { configLabel } from "../worker/configuration/edit-place.ts";
import { NameWorkers } from "./name-workers.tsx";

type Key = "name" | "state" | "running" | "wanted" | "outcome" | "why" | "since";

const columns: readonly Column<Key>[] = [
  { key: "name", name: "Worker" },
  { key: "state", name: "Status", room: "max-sm:hidden" },
  { key: "running", name: "Goes by", isNumber: true },
  { key: "wanted", name: "Is to", isNumber: true },
  { key: "outcome", name: "Outcome" },
  { key: "why", name: "Why", room: "max-lg:hidden" },
  { key: "since", name: "Since", isNumber: true, room: "max-md:hidden" },
];

/** The workers of a configuration: which version each goes by, and what became of the last one. */
export function ConfigWorkers({ name }: { readonly name: string }) {
  const arrivals = useArrivals(name);
  const { data, error, refetch } = useToldQuery({
    key: ["config", name, "workers"],
    channel: `configuration/${name}`,
    read: (signal) => readConfigUsers(name, signal),
    also: arrivals,
  });
  if (error) return <ProblemNote error={error} retry={() => void refetch()} />;
  if (!data) return <Loading what="its workers" />;
  return (
    <>
      <AsOf />
      {data.length === 0 && <NoWorkers name={name} />}
      {data.length > 0 && <Users name={name} users={data} />}
      <Choose name={name} />
    </>
  );
}

/** Only admins of workers say which configuration each is given. */
function Choose({ name }: { readonly name: string }) {
  const { levels } = useMe();
  const [isOpen, setOpen] = useState(false);
  if (!includes(levels.workers, "admin")) return null;
  return (
    <>
      <button type="button" className="button self-start" onClick={() => setOpen(true)}>
        Choose its workers…
      </button>
      {isOpen && <NameWorkers name={name} close={() => setOpen(false)} />}
    </>
  );
}

function Users({ name, users }: { readonly name: string; readonly users: readonly ConfigUser[] }) {
  const now = useServerNow();
  return (
    <Rows
      label={`Workers of ${name}`}
      columns={columns}
      rows={users}
      keyOf={({ id }) => id}
      cells={(user) =>
        columns.map(({ key, isNumber, room = "" }) => (
          <td key={key} className={`cell ${isNumber ? "number" : ""} ${room}`}>
            <Cell name={key} user={user} now={now} />
          </td>
        ))
      }
    />
  );
}

/** Another text whenever one of its workers comes, goes, or is something else than before. */
function useArrivals(name: string): string {
  const { workers } = useLive();
  const own = workers.filter(({ labels }) => labels[configLabel] === name);
  return own.map(({ id, state, since }) => `${id} ${state} ${since}`).join("\n");
}

function Cell({ name, user, now }: { readonly name: Key; readonly user: ConfigUser; readonly now: number }) {
  const { running, wanted, outcome, first } = user;
  switch (name) {
    case "name":
      return (
        <Link
          to="/workers/$worker"
          params={{ worker: user.name }}
          search={{ tab: "configuration" }}
          className="link block max-w-72 truncate font-medium"
        >
          {user.name}
          {first ? " (first)" : ""}
        </Link>
      );
    case "state":
      return <WorkerBadge state={user.state} />;
    case "running":
      return running === null || running === 0 ? "–" : running;
    case "wanted":
      return wanted ?? "–";
    case "outcome":
      return outcome ? <OutcomeBadge outcome={outcome} /> : <span className="text-soft">silent</span>;
    case "why":
      return <span className="block max-w-96 break-words text-soft">{whyOf(user)}</span>;
    case "since":
      return outcome ? <Age at={outcome.at} now={now} /> : "–";
  }
}

/** A worker that keeps a file of its own will never go by this, whatever its label says. */
function whyOf({ mode, outcome }: ConfigUser): string {
  return mode === "cloud" ? (outcome?.detail ?? "") : `it keeps its own configuration (mode ${mode})`;
}

const looks: Readonly<Record<ConfigOutcome["outcome"], readonly [Tone, IconName]>> = {
  applied: ["ok", "ok"],
  pending: ["busy", "busy"],
  failed: ["bad", "bad"],
};

/** What became of a version at a worker. */
export function OutcomeBadge({ outcome: { outcome, version } }: { readonly outcome: ConfigOutcome }) {
  const [tone, icon] = looks[outcome];
  return <Badge tone={tone} icon={icon}>{`${outcome} ${version}`}</Badge>;
}

function NoWorkers({ name }: { readonly name: string }) {
  return (
    <div className="sheet">
      <Empty title="No worker goes by it.">
        <p>An admin names it for a worker that joined in the mode “cloud”:</p>
        <Command>{`farhand workers set WORKER --label farhand/config=${name}`}</Command>
      </Empty>
    </div>
  );
}
