import { sql, type RawBuilder } from "kysely";
import type { StoreSettings } from "./store.ts";

/**
 * How the two databases call the few types that our tables are made of. Both give numbers, text and bytes back alike:
 * times are milliseconds since 1970 (`int8` of PostgreSQL is read as a number), documents are JSON text that is parsed in
 * one place, truth values are 0 and 1.
 */
export interface ColumnTypes {
  readonly time: RawBuilder<unknown>;
  readonly count: RawBuilder<unknown>;
  readonly flag: RawBuilder<unknown>;
  readonly document: RawBuilder<unknown>;
  readonly bytes: RawBuilder<unknown>;
  /** A number that the database gives, growing by itself. To be made the primary key. */
  readonly serial: RawBuilder<unknown>;
}

const sqlite: ColumnTypes = {
  time: sql`integer`,
  count: sql`integer`,
  flag: sql`integer`,
  document: sql`text`,
  bytes: sql`blob`,
  serial: sql`integer`,
};

const postgres: ColumnTypes = {
  time: sql`int8`,
  count: sql`int8`,
  flag: sql`int2`,
  document: sql`text`,
  bytes: sql`bytea`,
  serial: sql`bigserial`,
};

export function columnTypes(kind: StoreSettings["kind"]): ColumnTypes {
  return kind === "sqlite" ? sqlite : postgres;
}
