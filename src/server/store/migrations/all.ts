import type { Migration } from "kysely";
import { columnTypes } from "../column-types.ts";
import type { StoreSettings } from "../store.ts";
import { access } from "./0001-access.ts";
import { workers } from "./0002-workers.ts";
import { configurations } from "./0003-configurations.ts";
import { idempotency } from "./0004-idempotency.ts";
import { rollouts } from "./0005-rollouts.ts";
import { recovery } from "./0006-recovery.ts";
import { pendingWorkers } from "./0007-pending-workers.ts";
import { payloadDigests } from "./0008-payload-digests.ts";
import { entitlements } from "./0009-entitlements.ts";
import { units } from "./0010-units.ts";
import { quokka } from "./0011-quokka.ts";
import { auditLists } from "./0012-audit-lists.ts";
import { enrolmentUses } from "./0013-enrolment-uses.ts";

/** Every step from an empty database to this version's, by number. A step that was released is never changed. */
export function migrations(kind: StoreSettings["kind"]): Readonly<Record<string, Migration>> {
  const types = columnTypes(kind);
  return {
    "0001-access": access(types),
    "0002-workers": workers(types),
    "0003-configurations": configurations(types),
    "0004-idempotency": idempotency(types),
    "0005-rollouts": rollouts(types),
    "0006-recovery": recovery(types),
    "0007-pending-workers": pendingWorkers(types),
    "0008-payload-digests": payloadDigests(),
    "0009-entitlements": entitlements(types),
    "0010-units": units(types),
    "0011-quokka": quokka(types),
    "0012-audit-lists": auditLists(),
    "0013-enrolment-uses": enrolmentUses(types),
  };
}
