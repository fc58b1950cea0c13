import type { Kysely, Migration } from "kysely";

/** What the audit is searched by; each index ends with the place in the list, so that its rows come in that order. */
export function auditLists(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const lists = {
        audit_of_actor: ["actor", "sequence"],
        audit_of_action: ["action", "sequence"],
        audit_of_subject: ["subject", "sequence"],
        audit_at: ["at", "sequence"],
      };
      for (const [name, columns] of Object.entries(lists))
        await db.schema.createIndex(name).on("audit").columns(columns).execute();
    },
  };
}
