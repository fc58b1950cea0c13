import type { Me } from "#server/wire";
import type { IconName } from "../parts/icon.tsx";
import { includes } from "../parts/may.ts";

interface PageLink {
  readonly to: string;
  readonly name: string;
  readonly icon: IconName;
  /** Shown to admins of it only: others would be told that they may not. */
  readonly area?: keyof Me["levels"];
}

/** The pages that stand in the menu, in its order. */
const navigation = [
  { to: "/", name: "Overview", icon: "overview" },
  { to: "/workers", name: "Workers", icon: "workers" },
  { to: "/enrolment", name: "Add a worker", icon: "add", area: "workers" },
  { to: "/map", name: "Mesh", icon: "mesh" },
  { to: "/units", name: "Units", icon: "units" },
  { to: "/captures", name: "Captures", icon: "capture" },
  { to: "/paths", name: "Paths", icon: "path" },
  { to: "/scans", name: "Scans", icon: "scan" },
  { to: "/probes", name: "Probes", icon: "probe" },
  { to: "/configurations", name: "Configurations", icon: "configuration" },
  { to: "/people", name: "People", icon: "people", area: "users" },
  { to: "/audit", name: "Audit", icon: "audit", area: "audit" },
  { to: "/recordings", name: "Recordings", icon: "recording", area: "audit" },
] as const satisfies readonly PageLink[];

/** Those that somebody can look at. */
export const navigationFor = (levels: Me["levels"]): readonly (typeof navigation)[number][] =>
  navigation.filter((page) => !("area" in page) || includes(levels[page.area], "admin"));
