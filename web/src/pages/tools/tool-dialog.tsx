import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import type { ToolName } from "#tools/wire";
import { type OpenedTool, readTools, startTool } from "../../api/tools.ts";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { type FieldFault, fieldFault } from "./field-fault.ts";
import { startEach, type StartedEach } from "./start-each.ts";
import { ToolLimits } from "./tool-limits.tsx";
import { WorkerChoice } from "./worker-choice.tsx";

/** What the fields of a tool's form are told of the worker. */
export interface ToolFieldsProps {
  readonly tool: OpenedTool | undefined;
  readonly interfaces: readonly string[];
  /** What is wrong with a field, as the worker says; undefined: nothing that is known. */
  readonly faultOf: (field: string) => string | undefined;
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
  /** @param fields what was asked for. */
  readonly started: (units: StartedEach, fields: FormData) => void;
  readonly close: () => void;
  readonly children: (props: ToolFieldsProps) => ReactNode;
}

/** Ask for a run of a tool on one worker, or on several at once. */
export function ToolDialog(props: ToolDialogProps) {
  const { tool, title, button, several = false, paramsOf, started, close, children } = props;
  const [workers, setWorkers] = useState<readonly string[]>(props.worker === undefined ? [] : [props.worker]);
  const [error, setError] = useState<unknown>();
  const [fault, setFault] = useState<FieldFault>();
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
  // Of several each says it for itself.
  const isClosed = workers.length === 1 && data !== undefined && opened === undefined;
  const run = async (form: HTMLFormElement) => {
    setBusy(true);
    setError(undefined);
    setFault(undefined);
    const fields = new FormData(form);
    try {
      const params = paramsOf(fields);
      const units = await startEach(workers, async (worker) => {
        const known = taken.current.get(worker);
        if (known !== undefined) return known;
        const { unit } = await startTool(worker, tool, params, `${key.current}-${workers.indexOf(worker)}`);
        taken.current.set(worker, unit);
        return unit;
      });
      started(units, fields);
    } catch (problem) {
      setError(problem);
      setBusy(false);
      const control = (name: string) => form.elements.namedItem(name);
      const about = fieldFault(problem, (name) => control(name) instanceof HTMLElement);
      setFault(about);
      const field = control(about?.field ?? "");
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
        {children({
          tool: opened,
          interfaces: data?.hostInterfaces ?? [],
          faultOf: (field) => (fault?.field === field ? fault.says : undefined),
        })}
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
