import type { Field } from "./field.ts";

/** A row of the table of sections. Its key in the table is its name in list form and on the command line. */
export interface Section {
  readonly description: string;
  /** Its name in map form, and whether a list of such sections or a single one stands there. */
  readonly mapName: string;
  readonly inMap: "list" | "single";
  /** When it is carried out: all of one phase, in file order, before any of the next. */
  readonly phase: "init" | "prepare" | "run";
  /** At most one of it. */
  readonly singleton?: boolean;
  /** In list form and on the command line it stands alone. */
  readonly exclusive?: boolean;
  /** The control command `reload` may change it. */
  readonly reloadable?: boolean;
  /** Internal to Receptor: understood, never documented. */
  readonly hidden?: boolean;
  /** The section is Farhand's, unknown to Receptor. */
  readonly own?: boolean;
  /** What Farhand cannot do yet and the section needs, as the subject of `… comes with a later version`. */
  readonly later?: string;
  readonly fields: Readonly<Record<string, Field>>;
}

/** Sections by name. */
export type SectionTable = Readonly<Record<string, Section>>;
