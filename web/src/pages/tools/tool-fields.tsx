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
  /** What is wrong with what stands there. */
  readonly fault?: string | undefined;
}

/** One line of a tool's form. */
export function TextField({ label, name, hint, pattern, value = "", required = false, fault }: TextFieldProps) {
  const below = fault === undefined ? hint : <span className="font-medium text-bad">{fault}</span>;
  return (
    <Field label={label} {...(below !== undefined && { hint: below })}>
      {(id, hintId) => (
        <input
          id={id}
          aria-describedby={hintId}
          aria-invalid={fault !== undefined}
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
