import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import type { ToolName } from "#tools/wire";
import { problemOf } from "../../api/problem.ts";
import { type OpenedTool, readTools, startTool } from "../../api/tools.ts";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { ToolLimits } from "./tool-limits.tsx";
import { WorkerChoice } from "./worker-choice.tsx";

/** A unit that was started, and where. */
export interface Started {
  readonly worker: string;
  readonly unit: string;
}

/** What the fields of a tool's form are told of the worker. */
export interface ToolFieldsProps {
  readonly tool: OpenedTool | undefined;
  readonly interfaces: readonly string[];
}

interface ToolDialogProps {
  readonly tool: ToolName;
  readonly title: string;
  readonly button: string;
  /** Chosen already; else the form asks. */
  readonly worker?: string | undefined;
  readonly several?: boolean;
  /** @throws {Error} what is wrong with the fields, in words. */
  readonly paramsOf: (fields: FormData) => object;
  readonly started: (units: readonly Started[]) => void;
  readonly close: () => void;
  readonly children: (props: ToolFieldsProps) => ReactNode;
}

/** Which field a refusal is about. */
const fieldOf: Readonly<Record<string, string>> = {
  FILTER_REFUSED: "filter",
  FILTER_INVALID: "filter",
  INTERFACE_REFUSED: "interface",
  TARGET_REFUSED: "target",
  TARGET_UNRESOLVED: "target",
};

/** Ask for a run of a tool on one worker, or on several at once. */
export function ToolDialog(props: ToolDialogProps) {
  const { tool, title, button, several = false, paramsOf, started, close, children } = props;
  const [workers, setWorkers] = useState<readonly string[]>(props.worker === undefined ? [] : [props.worker]);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  // What was taken already is not started twice when the form is sent again after one worker's refusal.
  const taken = useRef(new Map<string, string>());
  const key = useRef(crypto.randomUUID());
  const first = workers[0];
  const { data, error: unread } = useQuery({
    queryKey: ["tools", first],
    queryFn: ({ signal }) => readTools(first ?? "", signal),
    enabled: first !== undefined,
  });
  const opened = data?.tools.find(({ name }) => name === tool);
  const isClosed = data !== undefined && opened === undefined;
  const run = async (form: HTMLFormElement) => {
    setBusy(true);
    setError(undefined);
    try {
      const params = paramsOf(new FormData(form));
      for (const worker of workers) {
        if (taken.current.has(worker)) continue;
        const { unit } = await startTool(worker, tool, params, `${key.current}-${workers.indexOf(worker)}`);
        taken.current.set(worker, unit);
      }
      started(workers.map((worker) => ({ worker, unit: taken.current.get(worker) ?? "" })));
    } catch (problem) {
      setError(problem);
      setBusy(false);
      const field = form.elements.namedItem(fieldOf[problemOf(problem).code] ?? "");
      if (field instanceof HTMLElement) field.focus();
    }
  };
  return (
    <Dialog title={title} close={close}>
      <form
        className="flex flex-col gap-4"
        onChange={() => {
          taken.current.clear();
          key.current = crypto.randomUUID();
        }}
        onSubmit={(event) => {
          event.preventDefault();
          void run(event.currentTarget);
        }}
      >
        {props.worker === undefined && (
          <WorkerChoice tool={tool} several={several} chosen={workers} change={setWorkers} />
        )}
        {children({ tool: opened, interfaces: data?.hostInterfaces ?? [] })}
        {opened && <ToolLimits tool={opened} />}
        {isClosed && <p className="text-bad">{first} does not offer this tool: its configuration does not open it.</p>}
        {unread && <ProblemNote error={unread} />}
        {error !== undefined && <ProblemNote error={error} />}
        <DialogButtons>
          <button type="button" className="button" onClick={close}>
            Close
          </button>
          <button type="submit" className="button button-main" disabled={isBusy || isClosed || workers.length === 0}>
            {button}
          </button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
