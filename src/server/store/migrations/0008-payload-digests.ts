import type { Kysely, Migration } from "kysely";

/** Of a payload that came with a request that may come twice: so that other bytes under the same key are seen. */
export function payloadDigests(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable("idempotency").addColumn("payload", "text").execute();
    },
  };
}
