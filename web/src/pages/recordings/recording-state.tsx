import type { Recording } from "#server/wire";
import { Badge, type Tone } from "../../parts/badge.tsx";
import type { IconName } from "../../parts/icon.tsx";

const looks: Readonly<Record<Recording["state"], readonly [Tone, IconName, string]>> = {
  live: ["busy", "busy", "goes on"],
  whole: ["ok", "ok", "whole"],
  brokenOff: ["warn", "warn", "without an end"],
  unreadable: ["bad", "bad", "altered"],
};

/** Whether a recording goes on, and whether it is what was written. Of what lies between its ends, playing it says that. */
export function RecordingState({ state }: Pick<Recording, "state">) {
  const [tone, icon, text] = looks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}

/** What it is of. */
export const whatText = ({ kind, service }: Pick<Recording, "kind" | "service">): string =>
  kind === "shell" ? "shell" : `tcp ${service ?? ""}`;
