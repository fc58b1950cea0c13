import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";

/** Name and password. */
export function PasswordForm({ submit }: { readonly submit: (user: string, password: string) => Promise<void> }) {
  return (
    <Form button="Log in" submit={(fields) => submit(textOf(fields, "user"), textOf(fields, "password"))}>
      <Field label="Name">
        {(id) => <input id={id} name="user" className="field" autoComplete="username" required autoFocus />}
      </Field>
      <Field label="Password">
        {(id) => (
          <input id={id} name="password" type="password" className="field" autoComplete="current-password" required />
        )}
      </Field>
    </Form>
  );
}
