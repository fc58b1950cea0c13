/** What a field's text means, by the name the table uses, and the type its value has after parsing. */
export interface FieldValues {
  text: string;
  integer: number;
  float: number;
  boolean: boolean;
  /** A list of text. */
  texts: readonly string[];
  /** A map from name to number. */
  floats: Readonly<Record<string, number>>;
  /** A map of anything. */
  map: Readonly<Record<string, unknown>>;
  /** A list of maps. */
  maps: readonly Readonly<Record<string, unknown>>[];
  /** Written as a Go duration; the value is milliseconds. */
  duration: number;
  /** File permissions; the value is the number, 0660 = 432. */
  permissions: number;
  /** Written as `1GiB`, `500MB` or a number; the value is bytes. */
  size: number;
}

/** Names of {@link FieldValues}. */
export type FieldType = keyof FieldValues;

/** What a field's row may say besides type and description. */
export interface FieldOptions<V> {
  readonly required?: boolean;
  /** The value of `- section: value` goes into this field. */
  readonly bare?: boolean;
  readonly default?: V;
  /** The only texts allowed, in lower case; any case is accepted. */
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** The text names a profile defined by this section. */
  readonly profile?: "tls-server" | "tls-client";
  /** The text names a file that must be readable when the daemon starts. */
  readonly file?: boolean;
  /** The key is Farhand's, unknown to Receptor. */
  readonly own?: boolean;
  /** The fault when the value is not valid, where Receptor has words for it. */
  readonly invalid?: (written: string) => string;
}

/** A row of a section's table. */
export interface Field extends FieldOptions<unknown> {
  readonly type: FieldType;
  readonly description: string;
}

type Typed<T extends FieldType, O> = { readonly type: T; readonly description: string } & O;

function rowsOf<T extends FieldType>(type: T) {
  return <const O extends FieldOptions<FieldValues[T]>>(description: string, options?: O): Typed<T, O> =>
    // The spread cannot be typed as O when options are absent; then O is all optional anyway.
    ({ type, description, ...options }) as Typed<T, O>;
}

export const text = rowsOf("text");
export const integer = rowsOf("integer");
export const float = rowsOf("float");
export const boolean = rowsOf("boolean");
export const texts = rowsOf("texts");
export const floats = rowsOf("floats");
export const map = rowsOf("map");
export const maps = rowsOf("maps");
export const duration = rowsOf("duration");
export const permissions = rowsOf("permissions");
export const size = rowsOf("size");

type Value<F extends Field> = F extends { readonly values: readonly (infer V extends string)[] }
  ? V
  : FieldValues[F["type"]];

/** The type of a field's value: undefined only when it is neither required nor has a default. */
export type ValueOf<F extends Field> = F extends { readonly required: true } | { readonly default: {} }
  ? Value<F>
  : Value<F> | undefined;
