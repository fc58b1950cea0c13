import type { WorkerState } from "#server/wire";
import { Icon, type IconName } from "./icon.tsx";

/** How something is, by word, shape and colour: never by colour alone. */
export type Tone = "ok" | "warn" | "bad" | "busy" | "quiet";

const tones: Readonly<Record<Tone, string>> = {
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  busy: "text-busy",
  quiet: "text-soft",
};

export function Badge({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly children: string;
}) {
  return (
    <span className={`inline-flex items-center gap-1.5 align-middle font-medium whitespace-nowrap ${tones[tone]}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

const workerTones: Readonly<Record<WorkerState, readonly [Tone, IconName]>> = {
  online: ["ok", "ok"],
  late: ["warn", "warn"],
  lost: ["bad", "bad"],
  stopped: ["quiet", "stopped"],
  removed: ["quiet", "stopped"],
};

/** The state of a worker. `troubled`: it is there, and says that something is wrong with its work. */
export function WorkerBadge({ state, troubled = false }: { readonly state: WorkerState; readonly troubled?: boolean }) {
  const [tone, icon] = troubled && state === "online" ? (["warn", "warn"] as const) : workerTones[state];
  return (
    <Badge tone={tone} icon={icon}>
      {troubled && state === "online" ? "trouble" : state}
    </Badge>
  );
}

const unitTones: readonly (readonly [Tone, IconName])[] = [
  ["quiet", "waiting"],
  ["busy", "busy"],
  ["ok", "ok"],
  ["bad", "bad"],
  ["warn", "stopped"],
];

/** The state of a unit, by its number on the wire. */
export function UnitBadge({ state, name }: { readonly state: number; readonly name: string }) {
  const [tone, icon] = unitTones[state] ?? ["quiet", "waiting"];
  return (
    <Badge tone={tone} icon={icon}>
      {name.toLowerCase()}
    </Badge>
  );
}
