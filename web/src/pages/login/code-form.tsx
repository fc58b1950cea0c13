import { Field } from "../../parts/field.tsx";
import { Form, textOf } from "../../parts/form.tsx";

/** A code of the second factor. */
export function CodeForm({
  submit,
  back,
}: {
  readonly submit: (code: string) => Promise<void>;
  readonly back: () => void;
}) {
  const otherUser = (
    <button type="button" className="link" onClick={back}>
      As somebody else
    </button>
  );
  return (
    <Form button="Go on" submit={(fields) => submit(textOf(fields, "code"))} more={otherUser}>
      <Field
        label="Code of your second factor"
        hint="The six digits your device shows. A recovery code does too, once."
      >
        {(id, hint) => (
          <input
            id={id}
            aria-describedby={hint}
            name="code"
            className="field mono"
            autoComplete="one-time-code"
            required
            autoFocus
          />
        )}
      </Field>
    </Form>
  );
}
