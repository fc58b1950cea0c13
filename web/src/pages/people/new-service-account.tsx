import type { User } from "#server/wire";
import { makeUser } from "../../api/users.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { Access, accessIn, Leave } from "./user-form.tsx";

interface NewServiceAccountProps {
  readonly close: () => void;
  readonly done: (made: User) => void;
}

/** An account of a program: no password and no login, it works by tokens only. */
export function NewServiceAccount({ close, done }: NewServiceAccountProps) {
  const make = async (fields: FormData) =>
    done(await makeUser({ name: textOf(fields, "name").trim(), password: null, ...accessIn(fields) }));
  return (
    <Dialog title="A new service account" close={close}>
      <Form button="Make the account" submit={make} more={<Leave close={close} />}>
        <p className="text-soft">It is for a program: it has no password and no login, and gets in by API tokens.</p>
        <Field label="Name">
          {(id) => <input id={id} name="name" className="field" maxLength={64} autoComplete="off" required autoFocus />}
        </Field>
        <Access role="viewer" labels={null} />
      </Form>
    </Dialog>
  );
}
