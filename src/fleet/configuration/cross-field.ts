import { isIP } from "node:net";
import type { WholeDocument } from "./document-schema.ts";
import { circlesOf, circleText, moverOf, writtenLine } from "./watcher-circles.ts";

/** What is wrong with a document, at which key or place of it (JSON pointer). */
export interface ConfigFault {
  readonly path: string;
  readonly reason: string;
}

/** A rule that looks at more than one key. */
type Rule = (document: WholeDocument) => readonly (ConfigFault | false | undefined)[];

/** What the keys of a document say against each other (CAT-76, second depth). Nothing of the machine is looked at. */
export function crossFieldFaults(document: WholeDocument): ConfigFault[] {
  return rules.flatMap((rule) => rule(document)).filter((fault) => typeof fault === "object");
}

const rules: readonly Rule[] = [
  lastWayIn,
  apiNeedsTls,
  accountIsWhole,
  roadsLeadSomewhere,
  oneOfEach,
  watchersDiffer,
  filesComeToRest,
];

/** Somebody must be able to put things right (CAT-82). */
function lastWayIn({ api, remoteAccess, server, socket }: WholeDocument) {
  const asked = Object.values(remoteAccess.roles).some((level) => level !== "none");
  const byServer = asked && server.urls.length > 0;
  return [
    !socket.enabled &&
      !api.enabled &&
      !byServer && {
        path: "/socket/enabled",
        reason:
          "nobody could reach the worker any more: keep the local socket, the API, or a server with roles in /remoteAccess/roles (CAT-82)",
      },
  ];
}

function apiNeedsTls({ api }: WholeDocument) {
  const hasCertificate = api.cert !== null && api.key !== null;
  return [
    (api.cert === null) !== (api.key === null) && {
      path: api.cert === null ? "/api/cert" : "/api/key",
      reason: "the certificate and its key are given together or not at all",
    },
    api.enabled &&
      !hasCertificate &&
      !isLoopback(api.listen) && {
        path: "/api/listen",
        reason: `${api.listen} can be reached from other machines, so /api/cert and /api/key are needed (CAT-15)`,
      },
  ];
}

function accountIsWhole({ server }: WholeDocument) {
  return [
    (server.user === null) !== (server.password === null) && {
      path: server.user === null ? "/server/user" : "/server/password",
      reason: "user and password of a service account are given together",
    },
  ];
}

function roadsLeadSomewhere({ roads, server }: WholeDocument) {
  return roads.map(
    (road, n) =>
      (road.kind === "ws" || road.kind === "http") &&
      road.url === undefined &&
      server.urls.length === 0 && {
        path: `/roads/${n}/url`,
        reason: "without /server/urls the road needs an address of its own",
      },
  );
}

function oneOfEach({ workTypes }: WholeDocument) {
  const seen = new Set<string>();
  return workTypes.map(({ worktype }, n) => {
    const isKnown = seen.has(worktype);
    seen.add(worktype);
    return isKnown && { path: `/workTypes/${n}/worktype`, reason: `there is a work type ${worktype} already` };
  });
}

function watchersDiffer({ watchers }: WholeDocument) {
  const seen = new Set<string>();
  return watchers.map(({ name }, n) => {
    const isKnown = seen.has(name);
    seen.add(name);
    return isKnown && { path: `/watchers/${n}/name`, reason: `there is a watcher ${name} already` };
  });
}

/** As the folders are written. What they really are the worker finds when it begins to watch. */
function filesComeToRest({ watchers }: WholeDocument) {
  return circlesOf(watchers.map((watcher) => moverOf(watcher, writtenLine))).map((circle) => ({
    path: `/watchers/${circle.mover}/${circle.key}/moveTo`,
    reason: circleText(circle),
  }));
}

/** Whether an address to listen on is this machine's own. A name other than localhost may be anything. */
export function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith("127.");
  return address === "localhost" || address === "::1";
}
