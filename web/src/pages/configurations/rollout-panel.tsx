import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Rollout, RolloutNow } from "#server/wire";
import { turnRollout } from "../../api/configurations.ts";
import { useChannel } from "../../live/channel.ts";
import { useServerNow } from "../../live/clock.ts";
import { Age } from "../../parts/age.tsx";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";

const isOpen = ({ state }: Rollout): boolean => state === "canary" || state === "paused";

const looks: Readonly<Record<Rollout["state"], readonly [Tone, IconName, string]>> = {
  canary: ["busy", "busy", "some workers have it first"],
  paused: ["warn", "waiting", "paused: some workers have it, and no others get it"],
  done: ["ok", "ok", "all workers get it"],
  aborted: ["quiet", "stopped", "aborted, and taken back"],
  failed: ["bad", "bad", "failed, and taken back"],
};

/** The last roll-out by stages, and while it goes on what it waits for and what can be done with it (CAT-80). */
export function RolloutPanel({ name, mayWrite }: { readonly name: string; readonly mayWrite: boolean }) {
  const queries = useQueryClient();
  const now = useServerNow();
  const { value, error } = useChannel(`rollout/${name}`);
  if (error) return <ProblemNote error={error} />;
  const data = value as RolloutNow | undefined;
  if (!data) return null;
  const { version, base, state, reason, next, changedAt } = data;
  const [tone, icon, text] = looks[state];
  return (
    <section aria-label="Roll-out" className="sheet flex flex-col gap-2 p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h2>
          {isOpen(data) ? "Version" : "The last roll-out by stages: version"} {version} over version {base}
        </h2>
        <Badge tone={tone} icon={icon}>
          {text}
        </Badge>
        <span className="text-soft">
          <Age at={changedAt} now={now} />
        </span>
      </div>
      {reason !== "" && <p className="break-words">Why: {reason}</p>}
      {next && (
        <p role="status" className="break-words">
          {next.step === "wait" ? "It waits" : `Next: ${next.step}`}: {next.why}
        </p>
      )}
      {isOpen(data) && (
        <Acts
          rollout={data}
          mayWrite={mayWrite}
          done={() => void queries.invalidateQueries({ queryKey: ["config", name] })}
        />
      )}
    </section>
  );
}

const questions = {
  finish: {
    button: "Give it to all",
    says: "All other workers get it now, whatever the first ones still have to show.",
  },
  abort: { button: "Go back", says: "The version before holds again, as a new one, also at those that have this one." },
} as const;

interface ActsProps {
  readonly rollout: Rollout;
  readonly mayWrite: boolean;
  readonly done: () => void;
}

function Acts({ rollout: { name, version, state }, mayWrite, done }: ActsProps) {
  const [asked, setAsked] = useState<keyof typeof questions>();
  const [error, setError] = useState<unknown>();
  const turn = async (act: Parameters<typeof turnRollout>[1]) => {
    await turnRollout(name, act);
    done();
  };
  const other = state === "paused" ? "resume" : "pause";
  return (
    <div className="flex flex-wrap gap-2">
      {error !== undefined && <ProblemNote error={error} />}
      <button type="button" className="button" disabled={!mayWrite} onClick={() => void turn(other).catch(setError)}>
        {state === "paused" ? "Resume" : "Pause"}
      </button>
      <button type="button" className="button button-main" disabled={!mayWrite} onClick={() => setAsked("finish")}>
        Give it to all…
      </button>
      <button type="button" className="button button-bad" disabled={!mayWrite} onClick={() => setAsked("abort")}>
        Go back…
      </button>
      {asked && (
        <Confirm
          title={`${questions[asked].button}: version ${version} of ${name}`}
          button={questions[asked].button}
          act={() => turn(asked)}
          close={() => setAsked(undefined)}
        >
          {questions[asked].says}
        </Confirm>
      )}
    </div>
  );
}
