import { CodeField } from "../../parts/code-field.tsx";
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
      <CodeField
        label="Code of your second factor"
        hint="The six digits your device shows. A recovery code does too, once."
      />
    </Form>
  );
}
