/**
 * What a worker finds when it looks at its own set-up, for whoever cannot sit at its machine (spec CAT-113, CAT-114).
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const line = z.string().max(4_096);

const Finding = z.strictObject({
  check: z.string().max(100),
  kind: z.enum(["ok", "warning", "fail"]),
  says: line,
  cure: line.optional(),
});
export type DoctorFinding = z.infer<typeof Finding>;

const DoctorFindings = z.strictObject({ findings: z.array(Finding).max(200) });
export type DoctorFindings = z.infer<typeof DoctorFindings>;

export const workerDoctor: Method<Record<string, never>, DoctorFindings> = {
  name: "worker.doctor",
  params: z.strictObject({}),
  result: DoctorFindings,
  level: "monitor",
  changes: false,
};
