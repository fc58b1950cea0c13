import type { Role, User } from "#server/wire";
import { changeUser, makeUser, resetPassword } from "../../api/users.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";
import { labelsIn, labelText } from "./label-text.ts";

/** What each role may do on the workers it counts on, the least first. */
export const roles: Readonly<Record<Role, string>> = {
  viewer: "sees workers, units and outputs",
  operator: "also runs, cancels and releases",
  configurer: "also edits configurations",
  admin: "also manages workers, people and the audit",
};

interface DialogProps {
  readonly close: () => void;
  readonly done: () => void;
}

/** A new user, or a service account when no password is given. */
export function NewUser({ close, done }: DialogProps) {
  const make = async (fields: FormData) => {
    const password = textOf(fields, "password");
    await makeUser({
      name: textOf(fields, "name").trim(),
      password: password === "" ? null : password,
      ...accessIn(fields),
    });
    done();
  };
  return (
    <Dialog title="A new user" close={close}>
      <Form button="Make the user" submit={make} more={<Leave close={close} />}>
        <Field label="Name">
          {(id) => <input id={id} name="name" className="field" maxLength={64} autoComplete="off" required autoFocus />}
        </Field>
        <NewPassword label="First password" hint="Empty: a service account, which works by tokens only." />
        <Access role="viewer" labels={null} />
      </Form>
    </Dialog>
  );
}

/** Another role, or other labels that it is restricted to. */
export function ChangeAccess({ user, close, done }: DialogProps & { readonly user: User }) {
  const change = async (fields: FormData) => {
    await changeUser(user.id, accessIn(fields));
    done();
  };
  return (
    <Dialog title={`What ${user.name} may do`} close={close}>
      <Form button="Change it" submit={change} more={<Leave close={close} />}>
        <p>What {user.name} has open is cut, and begins again with the new role.</p>
        <Access role={user.role} labels={user.labels} />
      </Form>
    </Dialog>
  );
}

/** A password in place of one that was forgotten. */
export function ResetPassword({ user, close, done }: DialogProps & { readonly user: User }) {
  const reset = async (fields: FormData) => {
    await resetPassword(user.id, textOf(fields, "password"));
    done();
  };
  return (
    <Dialog title={`Another password for ${user.name}`} close={close}>
      <Form button="Set it" submit={reset} more={<Leave close={close} />}>
        <NewPassword label="New password" hint="Their sessions end." isRequired />
      </Form>
    </Dialog>
  );
}

/** What a form with {@link Access} says. */
export function accessIn(fields: FormData) {
  return { role: textOf(fields, "role") as Role, labels: labelsIn(textOf(fields, "labels")) };
}

/** The role, and the labels that it is restricted to. */
export function Access({ role, labels }: Pick<User, "role" | "labels">) {
  return (
    <>
      <Field label="Role">
        {(id) => (
          <select id={id} name="role" className="field" defaultValue={role}>
            {Object.entries(roles).map(([name, may]) => (
              <option key={name} value={name}>{`${name}: ${may}`}</option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="Only on workers with these labels"
        hint="NAME=VALUE, more of them with commas. Empty: every worker."
      >
        {(id, hint) => (
          <input
            id={id}
            aria-describedby={hint}
            name="labels"
            className="field mono"
            defaultValue={labelText(labels)}
          />
        )}
      </Field>
    </>
  );
}

function NewPassword(props: { readonly label: string; readonly hint: string; readonly isRequired?: boolean }) {
  const { label, hint, isRequired = false } = props;
  return (
    <Field label={label} hint={hint}>
      {(id, hintId) => (
        <input
          id={id}
          aria-describedby={hintId}
          name="password"
          type="password"
          className="field"
          autoComplete="new-password"
          minLength={12}
          required={isRequired}
        />
      )}
    </Field>
  );
}

/** Closes the dialog and does nothing. */
export function Leave({ close }: { readonly close: () => void }) {
  return (
    <button type="button" className="button" onClick={close}>
      Not now
    </button>
  );
}
