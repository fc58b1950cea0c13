import { useQueries } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { WorkerView } from "#server/wire";
import { submitUnit } from "../../api/units.ts";
import { readWorker } from "../../api/workers.ts";
import { Dialog, DialogButtons } from "../../parts/dialog.tsx";
import { Loading } from "../../parts/empty.tsx";
import { Field } from "../../parts/field.tsx";
import { textOf } from "../../parts/form.tsx";
import { ProblemNote } from "../../parts/problem-note.tsx";
import { placeOf } from "../tools/refusals.ts";
import { startEach } from "../tools/start-each.ts";
import { WorkerChoice } from "../tools/worker-choice.tsx";

/** Work types with forms of their own, or that stand for something else: nobody types their params here. */
const notTyped = ["capture", "portscan", "traceroute", "ping", "dns", "tcp", "tls", "http", "remote"];

interface RunDialogProps {
  /** Chosen already; else the dialog asks on which ones. */
  readonly worker?: Pick<WorkerView, "id" | "name">;
  readonly close: () => void;
}

/** Run a command on a worker or several: a work type of theirs, params for it, and what it reads. */
export function RunDialog({ worker, close }: RunDialogProps) {
  const [chosen, setChosen] = useState<readonly string[]>(worker ? [worker.name] : []);
  const asked = useQueries({
    queries: chosen.map((name) => ({
      queryKey: ["worker", name],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => readWorker(name, signal),
    })),
  });
  const error = asked.find((one) => one.error)?.error;
  const workers = asked.map(({ data }) => data).filter((data) => data !== undefined);
  const isKnown = workers.length === chosen.length;
  const types = workers.length === 0 ? [] : commonTypes(workers);
  return (
    <Dialog title={worker ? `Run on ${worker.name}` : "Run"} close={close}>
      {!worker && <WorkerChoice several chosen={chosen} change={setChosen} />}
      {error && <ProblemNote error={error} />}
      {!isKnown && !error && <Loading what="work types" />}
      {isKnown && chosen.length > 0 && types.length === 0 && (
        <p>
          {chosen.length === 1 ? "This worker offers no command." : "These workers have no command in common."} A work
          type of its configuration (`workTypes`) is one.
        </p>
      )}
      {types.length > 0 ? (
        <RunForm workers={chosen} types={types} close={close} />
      ) : (
        <DialogButtons>
          <button type="button" className="button" onClick={close}>
            Close
          </button>
        </DialogButtons>
      )}
    </Dialog>
  );
}

/** Work types that all of them offer. */
function commonTypes([first, ...others]: readonly WorkerView[]): readonly string[] {
  const offered = (first?.capabilities ?? []).filter((name) => !notTyped.includes(name));
  return offered.filter((name) => others.every(({ capabilities = [] }) => capabilities.includes(name)));
}

interface RunFormProps {
  readonly workers: readonly string[];
  readonly types: readonly string[];
  readonly close: () => void;
}

function RunForm({ workers, types, close }: RunFormProps) {
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  // Sent again after an answer that got lost, the same wish makes no second unit; a changed one is another.
  const keys = useRef(new Map<string, string>());
  const keyOf = (worker: string): string => {
    const key = keys.current.get(worker) ?? crypto.randomUUID();
    keys.current.set(worker, key);
    return key;
  };
  const run = async (fields: FormData) => {
    setBusy(true);
    setError(undefined);
    try {
      const wish = wishOf(fields);
      const units = await startEach(workers, async (worker) => (await submitUnit(worker, wish, keyOf(worker))).unit);
      close();
      const [first] = units.started;
      if (first && workers.length === 1) await navigate({ to: "/workers/$worker/units/$unit", params: { ...first } });
      else await navigate({ to: "/units/seen", ...placeOf(units) });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onChange={() => keys.current.clear()}
      onSubmit={(event) => {
        event.preventDefault();
        void run(new FormData(event.currentTarget));
      }}
    >
      <Field label="Work type">
        {(id) => (
          <select id={id} name="workType" className="field" defaultValue={types.includes("run") ? "run" : types[0]}>
            {types.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Input" hint="What the command reads from its stdin. Work type `run` runs it as a shell script.">
        {(id, hint) => (
          <textarea
            id={id}
            aria-describedby={hint}
            name="payload"
            rows={5}
            className="field mono"
            spellCheck={false}
            autoFocus
            data-first
          />
        )}
      </Field>
      <Field label="or a file as input">{(id) => <input id={id} type="file" name="file" className="field" />}</Field>
      <Field label="Params" hint="Words for its command line. Only work types that allow them take any.">
        {(id, hint) => (
          <input
            id={id}
            aria-describedby={hint}
            name="params"
            className="field mono"
            spellCheck={false}
            autoComplete="off"
          />
        )}
      </Field>
      {error !== undefined && <ProblemNote error={error} />}
      <DialogButtons>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" className="button button-main" disabled={isBusy}>
          Run
        </button>
      </DialogButtons>
    </form>
  );
}

function wishOf(fields: FormData) {
  const [params, file] = [textOf(fields, "params").trim(), fields.get("file")];
  const text = textOf(fields, "payload").replaceAll("\r\n", "\n");
  return {
    workType: textOf(fields, "workType"),
    ...(params !== "" && { params: { params } }),
    // A script's last line is a line.
    payload: file instanceof File && file.size > 0 ? file : text === "" || text.endsWith("\n") ? text : `${text}\n`,
  };
}
