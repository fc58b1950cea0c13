import { Field } from "./field.tsx";

interface CodeFieldProps {
  readonly label: string;
  readonly hint?: string;
  /** Recovery codes have letters too. */
  readonly isDigits?: boolean;
}

/** Where a code of the second factor is typed, `code` in the form around it. What begins with it is what one wants to type. */
export function CodeField({ label, hint, isDigits = false }: CodeFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <input
          id={id}
          aria-describedby={described}
          name="code"
          className="field mono"
          autoComplete="one-time-code"
          inputMode={isDigits ? "numeric" : undefined}
          required
          autoFocus
        />
      )}
    </Field>
  );
}
