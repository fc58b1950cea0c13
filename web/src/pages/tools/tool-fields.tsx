import { Field } from "../../parts/field.tsx";
import { textOf } from "../../parts/form.tsx";

interface TextFieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
  /** What it must look like, as the browser checks it. */
  readonly pattern?: string;
  readonly value?: string;
  readonly required?: boolean;
}

/** One line of a tool's form. */
export function TextField({ label, name, hint, pattern, value = "", required = false }: TextFieldProps) {
  return (
    <Field label={label} {...(hint !== undefined && { hint })}>
      {(id, hintId) => (
        <input
          id={id}
          aria-describedby={hintId}
          name={name}
          className="field mono"
          pattern={pattern}
          defaultValue={value}
          required={required}
          spellCheck={false}
          autoComplete="off"
        />
      )}
    </Field>
  );
}

/** A whole number of a form; undefined where nothing stands. */
export function numberOf(fields: FormData, name: string): number | undefined {
  const text = textOf(fields, name).trim();
  return text === "" ? undefined : Number(text);
}
