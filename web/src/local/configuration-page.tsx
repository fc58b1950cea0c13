import { lazy, Suspense, useEffect, useState } from "react";
import { Badge } from "../parts/badge.tsx";
import { Loading } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { Icon } from "../parts/icon.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ConfigValues } from "../pages/worker/configuration/config-values.tsx";
import { type Configuration, readConfiguration, type Written } from "./configuration.ts";
import { useDraft } from "./draft.tsx";
import { useLive } from "./live.tsx";

/** Fetched when somebody edits. */
const Editing = lazy(async () => ({ default: (await import("./configuration-editing.tsx")).ConfigurationEditing }));

/** What is in force, where each value comes from, and the way to change it (CAT-107). */
export function ConfigurationPage() {
  const { state, refresh } = useLive();
  const { draft, begin, end } = useDraft();
  const [known, setKnown] = useState<Configuration>();
  const [written, setWritten] = useState<Written>();
  const [error, setError] = useState<unknown>();
  const look = () =>
    readConfiguration().then((got) => {
      setKnown(got);
      setError(undefined);
    }, setError);
  const isEditing = draft !== undefined;
  useEffect(() => void look(), [state?.runs, isEditing]);
  const done = (what: Written | undefined) => {
    setWritten(what);
    end();
    refresh();
  };
  return (
    <>
      <Heading title="Configuration" />
      {isEditing && (
        <Suspense fallback={<Loading what="the editor" />}>
          <Editing done={done} />
        </Suspense>
      )}
      {!isEditing && (
        <div className="flex flex-col gap-4">
          {written && <WrittenNote written={written} runs={state?.runs === true} />}
          {error !== undefined && <ProblemNote error={error} retry={() => void look()} />}
          {!known && error === undefined && <Loading what="the configuration" />}
          {known && <Kept known={known} edit={() => begin({ base: known, text: known.text })} />}
          {known && <ConfigValues values={known.values} />}
        </div>
      )}
    </>
  );
}

/** Which it is, whether it can be used, and what waits. */
function Kept({ known, edit }: { readonly known: Configuration; readonly edit: () => void }) {
  const { place, version, state, faults, provisional, pending } = known;
  const waits = pending.filter(({ applies }) => applies !== "live").map(({ path }) => path);
  return (
    <section aria-label="Where it is kept" className="sheet flex flex-col gap-2 p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2>{version === 0 ? "There is none yet" : `Version ${version}`}</h2>
        <code className="mono break-all text-soft">{place.kind === "file" ? place.path : place.name}</code>
        {place.kind === "file" ? (
          <button type="button" className="button ml-auto" onClick={edit}>
            <Icon name="edit" />
            Edit
          </button>
        ) : (
          <span className="text-soft">The server holds it; it is edited there.</span>
        )}
      </div>
      {state === "misconfigured" && (
        <ul aria-label="What is wrong with it" className="flex flex-col gap-1">
          {faults.map(({ path, reason }) => (
            <li key={`${path} ${reason}`} className="break-words">
              <Badge tone="bad" icon="bad">
                wrong
              </Badge>{" "}
              <code className="mono">{path}</code> {reason}
            </li>
          ))}
        </ul>
      )}
      {waits.length > 0 && <p className="break-words">In force after the next restart: {waits.join(", ")}.</p>}
      {provisional && (
        <p className="text-warn">
          Version {provisional.version}, by {provisional.by}, waits to be confirmed; else version {provisional.back}{" "}
          returns.
        </p>
      )}
    </section>
  );
}

function WrittenNote({ written, runs }: { readonly written: Written; readonly runs: boolean }) {
  const { version, pending, warnings } = written;
  const waits = pending.filter(({ applies }) => applies !== "live").map(({ path }) => path);
  return (
    <div role="status" className="rounded-md border border-line bg-sunk px-3 py-2">
      <p>
        Version {version} is written. {runs ? "The worker has it." : "The worker goes by it when it is started."}
        {runs && waits.length > 0 && ` In force after the next restart: ${waits.join(", ")}.`}
      </p>
      {warnings.map(({ path, reason }) => (
        <p key={`${path} ${reason}`} className="break-words text-warn">
          {path}: {reason}
        </p>
      ))}
    </div>
  );
}
