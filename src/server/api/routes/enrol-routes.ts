import { ServerError } from "../../errors.ts";
import { created } from "../answer.ts";
import { pageOfAll } from "../cursor.ts";
import { requireMayConfigure } from "../may-configure.ts";
import { type Route, route } from "../route.ts";
import { said } from "../said.ts";
import type { RouteServices } from "../services.ts";
import {
  EnrolmentParams,
  EnrolmentQuery,
  Enrolments,
  EnrolmentWish,
  NewEnrolment,
  WorkerWords,
} from "./enrol-schema.ts";

const admin = { kind: "area", area: "workers", level: "admin" } as const;

/** How workers get in: tokens for them, and their first registration (CAT-33, CAT-34). */
export function enrolRoutes(services: RouteServices): Route[] {
  return [...tokenRoutes(services), ...registrationRoutes(services)];
}

function tokenRoutes(services: RouteServices): Route[] {
  const { enrolments } = services;
  return [
    route({
      method: "GET",
      path: "/api/enrolments",
      summary: "Enrolment tokens, without their secrets",
      needs: admin,
      schema: { query: EnrolmentQuery, answer: Enrolments },
      handle: async ({ query }) => pageOfAll(await enrolments.list(), query, ({ id }) => id),
    }),
    route({
      method: "POST",
      path: "/api/enrolments",
      summary: "Make an enrolment token for a worker, shown this once",
      needs: admin,
      keyed: "shown once",
      schema: { body: EnrolmentWish, answer: NewEnrolment },
      handle: async (call) => {
        await requireMayConfigure(services, call.caller, call.body.labels);
        return created(await enrolments.make(said(call.body), call.actor));
      },
    }),
    route({
      method: "DELETE",
      path: "/api/enrolments/:id",
      summary: "Revoke an enrolment token",
      needs: admin,
      schema: { params: EnrolmentParams },
      handle: async (call) => {
        if (!(await enrolments.revoke(call.params.id, call.actor)))
          throw new ServerError("ENROLMENT_NOT_FOUND", "there is no such enrolment token");
        return undefined;
      },
    }),
  ];
}

function registrationRoutes({ enrol }: RouteServices): Route[] {
  const open = { kind: "nothing" } as const;
  return [
    route({
      method: "POST",
      path: "/api/enrol/challenge",
      summary: "A worker asks for something fresh to sign",
      needs: open,
      schema: { answer: WorkerWords },
      handle: async (call) => (await enrol.challenge(call.visit.address)) as object,
    }),
    route({
      method: "POST",
      path: "/api/enrol",
      summary: "A worker registers for the first time, with an enrolment token",
      needs: open,
      schema: { body: WorkerWords, answer: WorkerWords },
      handle: async (call) => (await enrol.register(call.body, call.visit.address)) as object,
    }),
  ];
}
