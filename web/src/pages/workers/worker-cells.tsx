import { Link, useNavigate } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import type { WorkerView } from "#server/wire";
import { Age, isStale, Told } from "../../parts/age.tsx";
import { WorkerBadge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { whyNotRun, whyNotTool } from "../../parts/may.ts";
import { editPlace } from "../worker/configuration/edit-place.ts";
import { Menu, MenuItem } from "../../parts/menu.tsx";
import { durationText, percentText } from "../../parts/quantities.ts";
import type { Column } from "../../parts/rows.tsx";
import { type RunWish, type ShownTool, toolActs } from "../tools/tool-acts.tsx";
import { heardAt, memoryPercent, placeOf, type WorkerRow } from "./workers-rows.ts";

type Key = "state" | "name" | "host" | "mode" | "road" | "cpu" | "memory" | "response" | "heard" | "labels" | "acts";

const sortable = { isSortable: true } as const;
const all: readonly Column<Key>[] = [
  { key: "state", name: "Status", ...sortable },
  { key: "name", name: "Name", ...sortable },
  { key: "host", name: "Host", room: "max-lg:hidden", ...sortable },
  { key: "mode", name: "Type", room: "max-lg:hidden", ...sortable },
  { key: "road", name: "Connection", room: "max-xl:hidden" },
  { key: "cpu", name: "CPU", isNumber: true, room: "max-md:hidden", ...sortable },
  { key: "memory", name: "Memory", isNumber: true, room: "max-md:hidden", ...sortable },
  { key: "response", name: "Response", isNumber: true, room: "max-lg:hidden", ...sortable },
  { key: "heard", name: "Last heard", isNumber: true, ...sortable },
  { key: "labels", name: "Labels", room: "max-2xl:hidden" },
  { key: "acts", name: "Actions" },
];

const withoutHost = all.filter(({ key }) => key !== "host");

/** Where workers are is told to admins only (CAT-46). */
export const columnsFor = (seesHosts: boolean): readonly Column<Key>[] => (seesHosts ? all : withoutHost);

interface CellsProps extends WorkerRow {
  readonly columns: readonly Column<Key>[];
  readonly now: number;
  readonly run: (wish: RunWish) => void;
}

/** The cells of one worker's row; drawn again only when something of it is another. */
export const WorkerCells = memo(function WorkerCells({ worker, beat, columns, now, run }: CellsProps) {
  return columns.map(({ key, isNumber, room = "" }) => (
    <td key={key} className={`cell ${isNumber ? "number" : ""} ${room}`}>
      <Cell name={key} row={{ worker, beat }} now={now} run={run} />
    </td>
  ));
});

interface CellProps extends Pick<CellsProps, "now" | "run"> {
  readonly name: Key;
  readonly row: WorkerRow;
}

function Cell({ name, row, now, run }: CellProps) {
  const { worker, beat } = row;
  switch (name) {
    case "state":
      return <WorkerBadge state={worker.state} troubled={worker.trouble !== undefined} />;
    case "name":
      return (
        <Link
          to="/workers/$worker"
          params={{ worker: worker.name }}
          className="link block max-w-72 truncate font-medium"
          title={worker.name}
        >
          {worker.name}
        </Link>
      );
    case "host":
      return <span className="mono">{placeOf(worker).host ?? "–"}</span>;
    case "mode":
      return worker.mode;
    case "road":
      return <Connection worker={worker} now={now} />;
    case "cpu":
      return (
        <Told
          value={beat?.cpuPercent === undefined ? undefined : percentText(beat.cpuPercent)}
          at={beat?.at}
          now={now}
        />
      );
    case "memory": {
      const percent = memoryPercent(beat);
      return <Told value={percent === undefined ? undefined : percentText(percent)} at={beat?.at} now={now} />;
    }
    case "response":
      return (
        <Told
          value={beat?.responseTimeMs === undefined ? undefined : durationText(beat.responseTimeMs)}
          at={beat?.at}
          now={now}
        />
      );
    case "heard":
      return <Heard row={row} now={now} />;
    case "labels":
      return <Labels labels={worker.labels} />;
    case "acts":
      return <Acts worker={worker} run={run} />;
  }
}

function Heard({ row, now }: { readonly row: WorkerRow; readonly now: number }) {
  const at = heardAt(row);
  const isOld = at !== null && isStale(at, now);
  return (
    <span className={isOld ? "text-stale italic" : ""}>
      <Age at={at} now={now} />
    </span>
  );
}

function Connection({ worker, now }: { readonly worker: WorkerView; readonly now: number }) {
  return (
    <span className="text-soft" title={worker.cause}>
      {worker.state === "online" ? (placeOf(worker).road ?? "connected") : worker.cause}
      {worker.state !== "online" && (
        <>
          {", "}
          <Age at={worker.since} now={now} />
        </>
      )}
    </span>
  );
}

/** Labels as chips. */
export function Labels({ labels }: { readonly labels: WorkerView["labels"] }) {
  return (
    <span className="flex flex-wrap gap-1">
      {Object.entries(labels).map(([name, value]) => (
        <span
          key={name}
          className="mono max-w-48 truncate rounded border border-line bg-sunk px-1.5"
          title={`${name}=${value}`}
        >
          {name}={value}
        </span>
      ))}
    </span>
  );
}

function Acts({ worker, run }: { readonly worker: WorkerView; readonly run: (wish: RunWish) => void }) {
  const navigate = useNavigate();
  const params = { worker: worker.name };
  const why = whyNotRun(worker);
  return (
    <Menu label={`Actions of ${worker.name}`}>
      <MenuItem act={() => run({ worker })} {...(why !== undefined && { why })}>
        <Icon name="run" />
        Run…
      </MenuItem>
      {toolActs.map(({ tool, name, icon }) => (
        <ToolItem key={tool} worker={worker} tool={tool} act={() => run({ worker, tool })}>
          <Icon name={icon} />
          {name}
        </ToolItem>
      ))}
      <MenuItem act={() => void navigate({ to: "/workers/$worker", params })}>
        <Icon name="workers" />
        Health and findings
      </MenuItem>
      <MenuItem act={() => void navigate({ to: "/workers/$worker", params, search: { tab: "units" } })}>
        <Icon name="units" />
        Units
      </MenuItem>
      <MenuItem act={() => void navigate(editPlace(worker))}>
        <Icon name="edit" />
        Configuration
      </MenuItem>
    </Menu>
  );
}

interface ToolItemProps {
  readonly worker: WorkerView;
  readonly tool: ShownTool;
  readonly act: () => void;
  readonly children: ReactNode;
}

function ToolItem({ worker, tool, act, children }: ToolItemProps) {
  const why = whyNotTool(worker, tool);
  return (
    <MenuItem act={act} {...(why !== undefined && { why })}>
      {children}
    </MenuItem>
  );
}
