import { expect, test } from "vitest";
import { notReady, refuseNotReady } from "./not-ready.ts";
import { parseSettings } from "./parse.ts";
import { parseReceptorArgs } from "./receptor-args.ts";

function linesOf(text: string): string[] {
  return notReady(parseSettings(text, "foo.yml"));
}

test("notReady() names what a later version brings, and the remedy", () => {
  expect(linesOf("- trace\n\n- tcp-listener:\n    port: 1\n")).toEqual([
    "tcp-listener at foo.yml:3: joining a mesh comes with a later version of Farhand; remove the section to start this worker alone",
  ]);
  const request = parseReceptorArgs(["--udp-peer", "a:1"], () => "");
  expect(request.kind === "start" && notReady(request.directives)[0]).toMatch(/^udp-peer on the command line: joining/);
});

test.each([
  "- tcp-listener: 1",
  "- ws-listener: 1",
  "- udp-listener: 1",
  "- tcp-peer: a:1",
  "- ws-peer: ws://a",
  "- udp-peer: a:1",
  "- tcp-server: {port: 1, remotenode: a, remoteservice: b}",
  "- tcp-client: {service: a, address: 'b:1'}",
  "- udp-server: {port: 1, remotenode: a, remoteservice: b}",
  "- udp-client: {service: a, address: 'b:1'}",
  "- unix-socket-server: {filename: a, remotenode: a, remoteservice: b}",
  "- unix-socket-client: {service: a, filename: b}",
  "- command-service: {service: a, command: b}",
  "- ip-router: {networkname: a, localnet: 10.0.0.0/30}",
  "- node: {firewallrules: [{action: drop}]}",
  "- work-kubernetes: {worktype: a}",
])("notReady() refuses %s", (text) => {
  expect(linesOf(text)).toHaveLength(1);
});

test.each([
  "- tls-server: {name: a, cert: a, key: b}\n- control-service: {tls: a}",
  "- tls-client: {name: a, cert: '', key: ''}",
  "- local-only\n- trace",
  "- node: {firewallrules: [], id: a}",
  "- work-command: {worktype: a, command: b, verifysignature: true}\n- work-verification: a",
  "- work-signing: a",
  "- work-python: {worktype: a, plugin: b, function: c}",
  "- metrics-service",
  "- cert-init: {commonname: a, bits: 1, outcert: a, outkey: a}",
])("notReady() has nothing against %s", (text) => {
  expect(linesOf(text)).toEqual([]);
});

test("refuseNotReady() throws all lines at once", () => {
  const directives = parseSettings("- tcp-peer: a:1\n- udp-peer: a:1\n", "foo.yml");
  expect(() => refuseNotReady(directives)).toThrow(
    expect.objectContaining({ code: "FEATURE_NOT_READY", message: expect.stringMatching(/^tcp-peer .*\nudp-peer /) }),
  );
});
