import { useEffect, useRef, useState } from "react";
import { type ShellEnding, ShellLine } from "../../../api/shell.ts";
import { ProblemError } from "../../../api/problem.ts";
import { askForCode } from "../../../app/step-up.tsx";
import { Badge } from "../../../parts/badge.tsx";
import { ProblemNote } from "../../../parts/problem-note.tsx";
import { openShellScreen } from "../../../parts/terminal/shell-screen.ts";

interface ShellViewProps {
  readonly worker: string;
  /** Open another one. */
  readonly again: () => void;
}

/** More than this waits to be drawn: the page gives up before the browser does. */
const maxUnshownBytes = 32 * 1024 * 1024;

/** A terminal whose keys go to a worker, until the shell ends. */
export function ShellView({ worker, again }: ShellViewProps) {
  const screen = useRef<HTMLDivElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const line = useRef<ShellLine>(undefined);
  const openAgain = useRef(again);
  const [isOpen, setOpen] = useState(false);
  const [ending, setEnding] = useState<ShellEnding>();
  const [note, setNote] = useState("");
  useEffect(() => {
    if (!screen.current) return undefined;
    let isLeft = false;
    let unshown = 0;
    const shown = openShellScreen(screen.current, {
      typed: (bytes) => {
        if (!opened.type(bytes)) setNote("Keys were dropped: the shell did not take them.");
      },
      resized: (size) => opened.resize(size),
      left: () => leave.current?.focus(),
    });
    const opened = new ShellLine(worker, shown.size, {
      opened: () => {
        setOpen(true);
        shown.focus();
      },
      bytes: (bytes) => {
        unshown += bytes.length;
        if (unshown > maxUnshownBytes) {
          setNote("More came than this page can show: it was cut off.");
          opened.close();
        } else void shown.write(bytes).then(() => (unshown -= bytes.length));
      },
    });
    line.current = opened;
    void opened.ended.then(async (how) => {
      if (isLeft) return;
      if (how.problem?.code === "FACTOR_NEEDED" && (await askForCode())) return openAgain.current();
      shown.end();
      setEnding(how);
      setOpen(false);
    });
    return () => {
      isLeft = true;
      opened.close();
      shown.close();
    };
  }, [worker]);
  return (
    <section aria-label="Terminal" className="flex flex-col gap-2">
      <div className="flex min-h-9 flex-wrap items-center gap-3">
        <span role="status">
          <State isOpen={isOpen} ending={ending} />
        </span>
        {note !== "" && <span className="text-warn">{note}</span>}
        {isOpen && <span className="text-soft">Tab is the shell's; Ctrl-] leads out of the terminal.</span>}
        {ending ? (
          <button type="button" className="button button-main ml-auto" onClick={again}>
            Open another one
          </button>
        ) : (
          <button ref={leave} type="button" className="button ml-auto" onClick={() => line.current?.close()}>
            Cut it off
          </button>
        )}
      </div>
      {ending?.problem && <ProblemNote error={new ProblemError(ending.problem)} />}
      <div className="h-[min(70dvh,40rem)] min-h-48 overflow-hidden rounded-lg border border-line bg-[#0b1210] p-2">
        <div ref={screen} className="h-full" />
      </div>
    </section>
  );
}

function State({ isOpen, ending }: { readonly isOpen: boolean; readonly ending: ShellEnding | undefined }) {
  if (isOpen)
    return (
      <Badge tone="ok" icon="ok">
        connected
      </Badge>
    );
  if (!ending)
    return (
      <Badge tone="quiet" icon="waiting">
        opening
      </Badge>
    );
  const { exit, isOrderly, problem } = ending;
  const isFine = exit === 0 || (exit === undefined && isOrderly);
  return (
    <Badge tone={isFine ? "quiet" : "bad"} icon={isFine ? "stopped" : "bad"}>
      {exit !== undefined ? `ended with exit code ${exit}` : problem ? "not open" : isOrderly ? "ended" : "cut off"}
    </Badge>
  );
}
