import { useEffect, useState } from "react";
import { Command } from "../parts/empty.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { momentText } from "../parts/quantities.ts";
import { asked } from "./api.ts";
import { lineOf, type LogLine, type ToldLine } from "./log-lines.ts";

/** What the program behind these pages found of it. */
interface KeptLog {
  /** The file, or the command that shows it. */
  readonly place: string;
  /** Milliseconds since 1970; absent: there is none. */
  readonly writtenAt?: number;
  readonly lines: readonly ToldLine[];
}

/** Of a worker that does not run: the end of its log on disk, asked for again when it stops again. */
export function useKeptLog(isDown: boolean) {
  const [kept, setKept] = useState<KeptLog>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (!isDown) return;
    const gone = new AbortController();
    const unlessGone = (set: () => void) => !gone.signal.aborted && set();
    asked<KeptLog>("GET", "log", undefined, gone.signal).then(
      (told) => unlessGone(() => (setKept(told), setError(undefined))),
      (problem: unknown) => unlessGone(() => setError(problem)),
    );
    return () => gone.abort();
  }, [isDown]);
  return { kept, error };
}

/** Whether nothing newer was heard of the worker; clocks of files go in steps. */
export const isNewest = ({ lines, writtenAt = 0 }: KeptLog, heard: readonly LogLine[]): boolean =>
  lines.length > 0 && writtenAt + 1_000 >= (heard.at(-1)?.at ?? 0);

/** A line without a time was written about when the file was. */
export const linesOnDisk = ({ lines, writtenAt = 0 }: KeptLog): readonly LogLine[] =>
  lines.map((line) => lineOf({ at: writtenAt, ...line }));

/** That it does not run, since when nothing was written, and how it is started. */
export function StoppedNote({ kept, error }: { readonly kept: KeptLog | undefined; readonly error: unknown }) {
  if (error !== undefined) return <ProblemNote error={error} />;
  if (!kept) return null;
  const { place, writtenAt } = kept;
  return (
    <section aria-label="It does not run" className="mb-4 rounded-lg border border-warn bg-warn-wash p-4">
      <p className="font-medium">
        The worker does not run.{" "}
        {writtenAt !== undefined && `The last was written at ${momentText(writtenAt, Date.now())}.`} Start it on the
        page <a href="#/">State</a>.
      </p>
      <p className="mt-2">{placeText(place, writtenAt)}</p>
      {isCommand(place) && <Command>{place}</Command>}
    </section>
  );
}

const isCommand = (place: string): boolean => place.startsWith("journalctl ");

function placeText(place: string, writtenAt: number | undefined): string {
  if (isCommand(place)) return "The journal of the system has its log:";
  if (writtenAt === undefined) return "These pages have not started it yet: who did has its log.";
  return `The end of its log, from ${place}:`;
}
