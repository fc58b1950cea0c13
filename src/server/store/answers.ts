import { sql } from "kysely";
import type { Store } from "./store.ts";

/** Resolves when the database answers. @throws whatever it fails with. */
export async function storeAnswers({ db }: Store): Promise<void> {
  await sql`select 1`.execute(db);
}
