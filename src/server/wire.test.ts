import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { DoctorFinding, UnitDetails as UnitOfWorker, UnitSummary as UnitInList } from "#fleet";
import type { Problem } from "./api/field-schema.ts";
import type { IndexedUnit } from "./api/routes/all-units-schema.ts";
import type { AuditRows, Verdict } from "./api/routes/audit-schema.ts";
import type { Hints } from "./api/routes/hints-schema.ts";
import type { LoginAnswer, SessionToken, User } from "./api/routes/login-schema.ts";
import type { ApiTokens, Me, NewToken, Sessions } from "./api/routes/me-schema.ts";
import type { PendingWorkers } from "./api/routes/pending-schema.ts";
import type { UnitTaken } from "./api/routes/units-schema.ts";
import type { Availability, Events, HealthSeries, Workers, WorkerView } from "./api/routes/workers-schema.ts";
import type * as wire from "./wire.ts";

// Types only: `npm run typecheck` is what fails.
test("what the routes answer is what wire.ts says of it", () => {
  expectTypeOf<z.infer<typeof Problem>>().toExtend<wire.Problem>();
  expectTypeOf<z.infer<typeof User>>().toExtend<wire.User>();
  expectTypeOf<z.infer<typeof Me>>().toExtend<wire.Me>();
  expectTypeOf<z.infer<typeof SessionToken>>().toExtend<wire.Opened>();
  expectTypeOf<z.infer<typeof LoginAnswer>>().toExtend<wire.Opened | wire.FactorWanted>();
  expectTypeOf<z.infer<typeof WorkerView>>().toExtend<wire.WorkerView>();
  expectTypeOf<z.infer<typeof Workers>>().toExtend<wire.Page<wire.WorkerView>>();
  expectTypeOf<z.infer<typeof HealthSeries>>().toExtend<wire.HealthSeries>();
  expectTypeOf<z.infer<typeof Availability>>().toExtend<wire.Availability>();
  expectTypeOf<z.infer<typeof Events>>().toExtend<wire.Page<wire.WorkerEvent>>();
  expectTypeOf<UnitInList>().toExtend<wire.UnitSummary>();
  expectTypeOf<UnitOfWorker>().toExtend<wire.UnitDetails>();
  expectTypeOf<z.infer<typeof IndexedUnit>>().toExtend<wire.IndexedUnit>();
  expectTypeOf<z.infer<typeof UnitTaken>>().toExtend<wire.UnitTaken>();
  expectTypeOf<z.infer<typeof Hints>>().toExtend<wire.Hints>();
  expectTypeOf<DoctorFinding>().toExtend<wire.Finding>();
  expectTypeOf<z.infer<typeof Sessions>>().toExtend<wire.Page<wire.Session>>();
  expectTypeOf<z.infer<typeof ApiTokens>>().toExtend<wire.Page<wire.ApiToken>>();
  expectTypeOf<z.infer<typeof NewToken>>().toExtend<wire.NewApiToken>();
  expectTypeOf<z.infer<typeof AuditRows>>().toExtend<wire.Page<wire.AuditRow>>();
  expectTypeOf<z.infer<typeof Verdict>>().toExtend<wire.AuditVerdict>();
  expectTypeOf<z.infer<typeof PendingWorkers>>().toExtend<wire.Page<wire.PendingWorker>>();
});
