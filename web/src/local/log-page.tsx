import { useState } from "react";
import { Empty } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { momentText } from "../parts/quantities.ts";
import { useLive } from "./live.tsx";
import type { LogLine } from "./log-lines.ts";
import { isNewest, linesOnDisk, StoppedNote, useKeptLog } from "./stopped-log.tsx";

const ranks: Readonly<Record<LogLine["level"], number>> = { info: 0, warn: 1, error: 2 };
const inks: Readonly<Record<LogLine["level"], string>> = { info: "text-soft", warn: "text-warn", error: "text-bad" };

/** The last lines of the worker's log, and those that come while these pages are open, as they are written; of one that does not run, those on disk. */
export function LogPage() {
  const { log, state } = useLive();
  const isDown = state !== undefined && !state.runs;
  const { kept, error } = useKeptLog(isDown);
  const known = isDown && kept && isNewest(kept, log) ? linesOnDisk(kept) : log;
  const [least, setLeast] = useState<LogLine["level"]>("info");
  const shown = known.filter(({ level }) => ranks[level] >= ranks[least]);
  const now = Date.now();
  return (
    <>
      <Heading title="Log">
        <label className="flex items-center gap-2 text-soft">
          From level
          <select
            className="rounded border border-line bg-sheet px-1 py-0.5 text-ink"
            value={least}
            onChange={({ target }) => setLeast(target.value as LogLine["level"])}
          >
            <option value="info">info</option>
            <option value="warn">warn</option>
            <option value="error">error</option>
          </select>
        </label>
      </Heading>
      {isDown && <StoppedNote kept={kept} error={error} />}
      {shown.length === 0 && <Empty title="No line yet">Lines come here as the worker writes them.</Empty>}
      {shown.length > 0 && (
        <ol className="sheet mono max-h-[70dvh] overflow-auto p-3" tabIndex={0} aria-label="Lines of the log">
          {shown.map(({ id, at, level, text }) => (
            <li key={id} className="break-words">
              <span className="text-soft">{momentText(at, now)}</span> <span className={inks[level]}>{level}</span>{" "}
              {text}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
