import { expect, test } from "vitest";
import { notReady, refuseNotReady } from "./not-ready.ts";
import { parseSettings } from "./parse.ts";
import { parseReceptorArgs } from "./receptor-args.ts";

function linesOf(text: string): string[] {
  return notReady(parseSettings(text, "foo.yml"));
}

test("notReady() names what a later version brings, and the remedy", () => {
  expect(linesOf("- trace\n\n- work-kubernetes:\n    worktype: a\n")).toEqual([
    "work-kubernetes at foo.yml:3: running work in Kubernetes comes with a later version of Farhand; remove the section to start without it",
  ]);
  const request = parseReceptorArgs(["--command-service", "service=a", "command=b"], () => "");
  expect(request.kind === "start" && notReady(request.directives)[0]).toMatch(
    /^command-service on the command line: a/,
  );
});

test.each([
  "- command-service: {service: a, command: b}",
  "- ip-router: {networkname: a, localnet: 10.0.0.0/30}",
  "- work-kubernetes: {worktype: a}",
])("notReady() refuses %s", (text) => {
  expect(linesOf(text)).toHaveLength(1);
});

test.each([
  "- tls-server: {name: a, cert: a, key: b}\n- control-service: {tls: a}",
  "- tls-client: {name: a, cert: '', key: ''}",
  "- local-only\n- trace",
  "- node: {firewallrules: [{action: drop}], id: a, stub: true}",
  "- tcp-listener: 1\n- ws-listener: 1\n- udp-listener: 1\n- http-listener: 1",
  "- tcp-peer: a:1\n- ws-peer: ws://a\n- udp-peer: a:1\n- http-peer: http://a",
  "- tcp-server: {port: 1, remotenode: a, remoteservice: b}\n- tcp-client: {service: a, address: 'b:1'}",
  "- udp-server: {port: 1, remotenode: a, remoteservice: b}\n- udp-client: {service: a, address: 'b:1'}",
  "- unix-socket-server: {filename: a, remotenode: a, remoteservice: b}\n- unix-socket-client: {service: a, filename: b}",
  "- work-command: {worktype: a, command: b, verifysignature: true}\n- work-verification: a",
  "- work-signing: a",
  "- work-python: {worktype: a, plugin: b, function: c}",
  "- metrics-service",
  "- cert-init: {commonname: a, bits: 1, outcert: a, outkey: a}",
])("notReady() has nothing against %s", (text) => {
  expect(linesOf(text)).toEqual([]);
});

test("refuseNotReady() throws all lines at once", () => {
  const directives = parseSettings(
    "- work-kubernetes: {worktype: a}\n- command-service: {service: a, command: b}\n",
    "foo.yml",
  );
  expect(() => refuseNotReady(directives)).toThrow(
    expect.objectContaining({
      code: "FEATURE_NOT_READY",
      message: expect.stringMatching(/^work-kubernetes .*\ncommand-service /),
    }),
  );
});
