import type { PendingWorker } from "#server/wire";
import { approveWorker, rejectWorker } from "../../api/enrolments.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { labelsIn } from "../people/label-text.ts";

interface DecideProps {
  readonly worker: PendingWorker;
  readonly close: () => void;
  readonly done: () => void;
}

/** A machine comes in under a name that a person gives it, after they compared fingerprints (CAT-33). */
export function ApproveDialog({ worker, close, done }: DecideProps) {
  const approve = async (fields: FormData) => {
    const name = textOf(fields, "name").trim();
    const labels = labelsIn(textOf(fields, "labels"));
    await approveWorker(worker.fingerprint, { ...(name !== worker.name && { name }), ...(labels && { labels }) });
    done();
  };
  const leave = (
    <button type="button" className="button" onClick={close}>
      Not now
    </button>
  );
  return (
    <Dialog title={`Let ${worker.name} in`} close={close}>
      <Form button="Let it in" submit={approve} more={leave}>
        <p>The machine has printed a fingerprint where it was started. It must be this one, to the last digit:</p>
        <code className="mono rounded-md border border-line bg-sunk px-3 py-2 break-all">{worker.fingerprint}</code>
        <label className="flex items-start gap-2">
          <input type="checkbox" required autoFocus className="mt-1" />
          <span>I compared it with what the machine shows</span>
        </label>
        <Field label="Name">
          {(id) => (
            <input id={id} name="name" className="field mono" defaultValue={worker.name} maxLength={63} required />
          )}
        </Field>
        <Field
          label="Labels"
          hint="NAME=VALUE, more of them with commas. They win over what the worker says of itself."
        >
          {(id, hint) => (
            <input id={id} aria-describedby={hint} name="labels" className="field mono" autoComplete="off" />
          )}
        </Field>
      </Form>
    </Dialog>
  );
}

/** A machine is told that it is not wanted. */
export function RejectDialog({ worker, close, done }: DecideProps) {
  const reject = async () => {
    await rejectWorker(worker.fingerprint);
    done();
  };
  return (
    <Confirm title={`Send ${worker.name} away`} button="Send it away" act={reject} close={close}>
      The machine with the fingerprint <span className="mono break-all">{worker.fingerprint}</span> is told that it is
      not wanted. It may ask again in an hour.
    </Confirm>
  );
}
