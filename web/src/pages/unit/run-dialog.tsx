import { useQuery } from "@tanstack/react-query";
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

/** Work types with forms of their own, or that stand for something else: nobody types their params here. */
const notTyped = ["capture", "portscan", "traceroute", "ping", "dns", "tcp", "tls", "http", "remote"];

/** Run a command on a worker: one of its work types, params for it, and what it reads. */
export function RunDialog({
  worker,
  close,
}: {
  readonly worker: Pick<WorkerView, "id" | "name">;
  readonly close: () => void;
}) {
  const { data, error } = useQuery({
    queryKey: ["worker", worker.id],
    queryFn: ({ signal }) => readWorker(worker.id, signal),
  });
  const types = (data?.capabilities ?? []).filter((name) => !notTyped.includes(name));
  return (
    <Dialog title={`Run on ${worker.name}`} close={close}>
      {error && <ProblemNote error={error} />}
      {!data && !error && <Loading what="its work types" />}
      {data && types.length === 0 && (
        <p>This worker offers no command. A work type of its configuration (`workTypes`) is one.</p>
      )}
      {data && types.length > 0 ? (
        <RunForm worker={worker.name} types={types} close={close} />
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

function RunForm({
  worker,
  types,
  close,
}: {
  readonly worker: string;
  readonly types: readonly string[];
  readonly close: () => void;
}) {
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  // Sent again after an answer that got lost, the same wish makes no second unit; a changed one is another.
  const key = useRef(crypto.randomUUID());
  const run = async (fields: FormData) => {
    setBusy(true);
    setError(undefined);
    try {
      const { unit } = await submitUnit(worker, wishOf(fields), key.current);
      close();
      await navigate({ to: "/workers/$worker/units/$unit", params: { worker, unit } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onChange={() => (key.current = crypto.randomUUID())}
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
