import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  Link,
} from "@tanstack/react-router";
import { homePath } from "../api/place.ts";
import { Empty } from "../parts/empty.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { configurationSearch } from "../pages/configurations/configuration-search.ts";
import { auditSearch } from "../pages/audit/audit-search.ts";
import { workerSearch } from "../pages/worker/worker-search.ts";
import { pathSearch } from "../pages/paths/path-search.ts";
import { probesSearch, seenSearch } from "../pages/probes/probe-search.ts";
import { OverviewPage } from "../pages/overview/overview-page.tsx";
import { WorkersPage } from "../pages/workers/workers-page.tsx";
import { workersSearch } from "../pages/workers/workers-search.ts";
import { togetherSearch } from "../pages/units/units-search.ts";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Failed });

/** Every page. The two that people come to first are in the first load, the others are fetched when somebody goes there. */
const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: OverviewPage }),
  createRoute({ getParentRoute: () => root, path: "/workers", component: WorkersPage, validateSearch: workersSearch }),
  createRoute({
    getParentRoute: () => root,
    path: "/workers/$worker",
    validateSearch: workerSearch,
    component: lazyRouteComponent(() => import("../pages/worker/worker-page.tsx"), "WorkerPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/workers/$worker/units/$unit",
    component: lazyRouteComponent(() => import("../pages/unit/unit-page.tsx"), "UnitPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/workers/$worker/shell",
    component: lazyRouteComponent(() => import("../pages/worker/shell/shell-page.tsx"), "ShellPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/units",
    component: lazyRouteComponent(() => import("../pages/units/units-page.tsx"), "UnitsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/units/seen",
    validateSearch: togetherSearch,
    component: lazyRouteComponent(() => import("../pages/units/together-page.tsx"), "TogetherPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/captures",
    component: lazyRouteComponent(() => import("../pages/captures/captures-page.tsx"), "CapturesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/captures/$worker/$unit",
    component: lazyRouteComponent(() => import("../pages/captures/capture-page.tsx"), "CapturePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/paths",
    component: lazyRouteComponent(() => import("../pages/paths/paths-page.tsx"), "PathsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/paths/seen",
    validateSearch: pathSearch,
    component: lazyRouteComponent(() => import("../pages/paths/path-page.tsx"), "PathPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/scans",
    component: lazyRouteComponent(() => import("../pages/scans/scans-page.tsx"), "ScansPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/scans/$worker/$unit",
    component: lazyRouteComponent(() => import("../pages/scans/scan-page.tsx"), "ScanPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/probes",
    validateSearch: probesSearch,
    component: lazyRouteComponent(() => import("../pages/probes/probes-page.tsx"), "ProbesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/probes/seen",
    validateSearch: seenSearch,
    component: lazyRouteComponent(() => import("../pages/probes/probe-page.tsx"), "ProbePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/enrolment",
    component: lazyRouteComponent(() => import("../pages/enrolment/enrolment-page.tsx"), "EnrolmentPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/map",
    component: lazyRouteComponent(() => import("../pages/mesh/mesh-page.tsx"), "MeshPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/configurations",
    component: lazyRouteComponent(
      () => import("../pages/configurations/configurations-page.tsx"),
      "ConfigurationsPage",
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/configurations/$name",
    validateSearch: configurationSearch,
    component: lazyRouteComponent(() => import("../pages/configurations/configuration-page.tsx"), "ConfigurationPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/account",
    component: lazyRouteComponent(() => import("../pages/account/account-page.tsx"), "AccountPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/people",
    component: lazyRouteComponent(() => import("../pages/people/people-page.tsx"), "PeoplePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/audit",
    validateSearch: auditSearch,
    component: lazyRouteComponent(() => import("../pages/audit/audit-page.tsx"), "AuditPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/recordings",
    component: lazyRouteComponent(() => import("../pages/recordings/recordings-page.tsx"), "RecordingsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/recordings/$id",
    component: lazyRouteComponent(() => import("../pages/recordings/recording-page.tsx"), "RecordingPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: homePath === "/" ? "/" : homePath.slice(0, -1),
  defaultPreload: "intent",
  defaultErrorComponent: Failed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <>
      <Heading title="No such page" />
      <div className="sheet">
        <Empty title="Nothing is here.">
          <Link to="/" className="link">
            Go to the overview
          </Link>
        </Empty>
      </div>
    </>
  );
}

/** A piece of these pages that is no longer there was of an earlier build: the new one is a reload away. */
function Failed({ error }: ErrorComponentProps) {
  return (
    <>
      <Heading title="This page could not be shown" />
      <ProblemNote error={error} retry={() => globalThis.location.reload()} />
    </>
  );
}
