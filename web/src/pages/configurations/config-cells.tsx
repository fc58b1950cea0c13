import { Link } from "@tanstack/react-router";
import type { ListedConfig } from "#server/wire";
import { Age } from "../../parts/age.tsx";
import { Badge } from "../../parts/badge.tsx";
import type { Column } from "../../parts/rows.tsx";

type Key = "name" | "version" | "workers" | "state" | "author" | "comment" | "when";

export const configColumns: readonly Column<Key>[] = [
  { key: "name", name: "Name" },
  { key: "version", name: "Newest", isNumber: true },
  { key: "workers", name: "Workers", isNumber: true, room: "max-sm:hidden" },
  { key: "state", name: "How far" },
  { key: "author", name: "By", room: "max-lg:hidden" },
  { key: "comment", name: "Note", room: "max-xl:hidden" },
  { key: "when", name: "Written", isNumber: true, room: "max-md:hidden" },
];

/** The cells of one configuration's row. */
export function ConfigCells({ config, now }: { readonly config: ListedConfig; readonly now: number }) {
  return configColumns.map(({ key, isNumber, room = "" }) => (
    <td key={key} className={`cell ${isNumber ? "number" : ""} ${room}`}>
      <Cell name={key} config={config} now={now} />
    </td>
  ));
}

function Cell({ name, config, now }: { readonly name: Key; readonly config: ListedConfig; readonly now: number }) {
  switch (name) {
    case "name":
      return (
        <Link
          to="/configurations/$name"
          params={{ name: config.name }}
          className="link block max-w-72 truncate font-medium"
          title={config.name}
        >
          {config.name}
        </Link>
      );
    case "version":
      return config.version;
    case "workers":
      return config.overview?.workers ?? "–";
    case "state":
      return <HowFar config={config} />;
    case "author":
      return config.authorName ?? config.author;
    case "comment":
      return (
        <span className="block max-w-80 truncate text-soft" title={config.comment}>
          {config.comment}
        </span>
      );
    case "when":
      return <Age at={config.createdAt} now={now} />;
  }
}

/** The worst first: refused by some, on its way by stages, not yet with all, with all. */
function HowFar({ config: { overview } }: { readonly config: ListedConfig }) {
  if (!overview) return <span className="text-soft">–</span>;
  const { workers, behind, failed, rollout } = overview;
  if (failed > 0) return <Badge tone="bad" icon="bad">{`${failed} refused it`}</Badge>;
  if (rollout)
    return (
      <Badge tone={rollout.state === "paused" ? "warn" : "busy"} icon={rollout.state === "paused" ? "waiting" : "busy"}>
        {rollout.state === "paused" ? "roll-out paused" : `rolling out ${rollout.version}`}
      </Badge>
    );
  if (workers === 0) return <span className="text-soft">no worker</span>;
  if (behind > 0) return <Badge tone="warn" icon="waiting">{`${behind} behind`}</Badge>;
  return (
    <Badge tone="ok" icon="ok">
      with all
    </Badge>
  );
}
