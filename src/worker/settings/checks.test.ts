import { describe, expect, test } from "vitest";
import { SettingsError } from "../errors.ts";
import { parseSettings } from "./parse.ts";

function messagesOf(text: string): string[] {
  try {
    parseSettings(text, "foo.yml");
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map(({ message }) => message);
    throw error;
  }
  return [];
}

const makereq = "cert-makereq: {commonname: a, outreq: b";

describe("parseSettings() checks sections", () => {
  test.each([
    ["- node: localhost", 'node ID "localhost" is reserved'],
    ["- node: LocalHost", 'node ID "localhost" is reserved'],
    ["- node: ../etc", 'node ID "../etc" cannot name a folder'],
    ['- node: "a\\nb"', 'node ID "a\\nb" cannot name a folder'],
    [
      "- node: {maxidleconnectiontimeout: 60d}",
      "failed to parse MaxIdleConnectionTimeout from configuration file -- valid examples include '1.5h', '30m', '30m10s'",
    ],
    [
      "- node: {maxidleconnectiontimeout: 20s}",
      "user defined maxIdleConnectionTimeout [20000000000] is less than the default default timeout [21000000000]",
    ],
    ["- node: {firewallrules: [{action: allow}]}", "error in rule 1: unknown action: allow"],
    ["- node: {firewallrules: [{action: DROP}, {fromnode: a}]}", "error in rule 2: unknown action: "],
    ["- node: {firewallrules: [{action: 1}]}", "error in rule 1: invalid firewall rule. action must be a string"],
    [
      "- node: {firewallrules: [{action: drop, who: a}]}",
      "error in rule 1: invalid firewall rule. unknown key who; keys are action, fromnode, tonode, fromservice, toservice",
    ],
    [
      "- node: {firewallrules: [{action: drop, FromNode: /a(/}]}",
      "error in rule 1: invalid firewall rule. FromNode is not a valid regular expression: /a(/ (a ( is not closed)",
    ],
    ["- log-level: verbose", "verbose is not a valid log level name"],
    ["- node: a\n- node: b", "only one node directive is allowed"],
    ["- trace\n- trace", "only one trace directive is allowed"],
    ["- tcp-listener: {port: 1, cost: 0}", "connection cost must be positive"],
    ["- udp-peer: {address: 'a:1', cost: -1}", "connection cost must be positive"],
    ["- ws-listener: {port: 1, nodecost: {foo: 0}}", "connection cost must be positive for foo"],
    ["- tcp-peer: foo", "foo is not host:port"],
    ["- ws-peer: http://foo", "http://foo is not a WebSocket URL"],
    ["- ws-peer: {address: 'ws://foo', extraheader: x}", "extra header must be in the form key:value"],
    ["- http-peer: {cost: 2}", "http-peer needs either url or urlfile"],
    ["- http-peer: {url: 'http://a', urlfile: b}", "http-peer needs either url or urlfile"],
    ["- http-peer: 'ftp://me:secret@foo'", "ftp://…@foo is not a URL of http-peer"],
    ["- amqp-listener: {prefix: a}", "amqp-listener needs either url or urlfile"],
    ["- amqp-peer: {url: 'amqp://a'}", "error in amqp-peer: required parameter missing: hub"],
    ["- amqp-peer: {url: 'http://a', hub: b}", "http://a is not a URL of amqp-peer"],
    ["- control-service: {service: ninebytes}", "service name ninebytes too long"],
    ["- udp-client: {service: ping, address: 'a:1'}", "service ping is already listening"],
    ["- tcp-client: {service: '', address: 'a:1'}", "service name must not be empty"],
    ["- control-service: {service: ''}", "no listeners specified"],
    ["- control-service: {tcplisten: x}", "x is neither a port nor host:port"],
    ["- control-service: {tls: nosuch}", "unknown TLS config nosuch"],
    ["- control-service: {tcplisten: 1, tcptls: nosuch}", "unknown TLS config nosuch"],
    ["- tls-client: {name: a, cert: '', key: ''}\n- tcp-listener: {port: 1, tls: a}", "unknown TLS config a"],
    ["- tls-server: {name: a, cert: c, key: k}\n- tcp-peer: {address: 'a:1', tls: a}", "unknown TLS config a"],
    ["- tcp-peer: {address: 'a:1', provennodeid: true}", "provennodeid would turn everybody away: there is no tls"],
    [
      "- tls-server: {name: a, cert: c, key: k}\n- ws-listener: {port: 1, tls: a, provennodeid: true}",
      "provennodeid would turn everybody away: a asks for no certificates of clients (requireclientcert)",
    ],
    [
      "- tls-client: {name: a, cert: c, key: k, insecureskipverify: true}\n- http-peer: {url: 'https://a', tls: a, provennodeid: true}",
      "provennodeid would turn everybody away: a verifies nothing (insecureskipverify)",
    ],
    [
      "- tls-client: {name: a, cert: c, key: ''}",
      "error preparing tls client config: cert and key must both be supplied or neither",
    ],
    [
      "- tls-server: {name: a, cert: c, key: k, pinnedclientcert: ['00:11']}",
      "error preparing tls server config: fingerprints must be 32 or 64 bytes for sha256 or sha512",
    ],
    [
      "- work-command: {worktype: a, command: b}\n- work-python: {worktype: a, plugin: p, function: f}",
      "work type a already registered",
    ],
    ["- work-command: {worktype: remote, command: b}", "work type remote already registered"],
    ["- work-command: {worktype: '', command: b}", "a work type must have a name"],
    ["- work-loop: {worktype: a, command: b, loop: c}", "loop and command exclude each other"],
    ["- work-loop: {worktype: a, max: 2}", "max without loop or command"],
    ["- work-loop: {worktype: a, command: b, min: 3, max: 2}", "min 3 is more than max 2"],
    ["- work-loop: {worktype: a, lease: 99ms}", "lease 99ms is too short"],
    ["- work-loop: {worktype: a, loop: 'b \"c'}", "loop is no command line"],
    ["- work-loop: {worktype: a, command: b, workdir: srv/a}", "workdir srv/a is relative"],
    ["- work-command: {worktype: a, command: b, workdir: srv/a}", "workdir srv/a is relative"],
    ["- work-command: {worktype: a, command: b, envallow: [PATH, A=b]}", '"A=b" is no name of a variable'],
    ["- work-python: {worktype: a, plugin: p, function: f, user: nobody}", "a plugin cannot run as another user"],
    [`- work-command: {worktype: a, command: b, params: "-c 'open"}`, "params end inside quotes or after a backslash"],
    ["- work-command: {worktype: a, command: b, params: a\\}", "params end inside quotes or after a backslash"],
    [
      "- metrics-service: 0.0.0.0:9090",
      "metrics are served to this machine only, and 0.0.0.0:9090 can be reached from others",
    ],
    ["- metrics-service: ':9090'", "metrics are served to this machine only, and :9090 can be reached from others"],
    ["- metrics-service: localhost", "localhost is not host:port"],
    ["- tcp-client: {service: a, address: b}", "b is not host:port"],
    ["- ip-router: {networkname: a, localnet: 10.0.0.0/24}", "10.0.0.0/24 is not an IPv4 /30"],
    [
      "- ip-router: {networkname: a, localnet: 10.0.0.0/30, routes: '10.1.0.0/16, x'}",
      "x is not a network in CIDR form",
    ],
    [
      "- work-signing: {privatekey: k, tokenexpiration: 1}",
      "failed to parse TokenExpiration -- valid examples include '1.5h', '30m', '30m10s'",
    ],
    ["- work-signing: {privatekey: k, tokenexpiration: 0}", "0 is too short"],
    ["- work-signing", "work-signing names no key"],
    ["- work-verification: {publickey: ''}", "work-verification names no key"],
    ["- work-verification: {publickey: k, revoked: r}", "keys of tokens cannot be revoked"],
    ["- work-verification: {publickey: k, requireorder: true}", "requireorder would refuse all signed work"],
    [
      "- work-command: {worktype: echo, command: b, verifysignature: true}",
      "VerifySignature for work command 'echo' is true, but the work verification public key is not specified",
    ],
    [
      "- cert-init: {commonname: a, bits: 2048, outcert: c, outkey: k}\n- trace",
      "cannot specify any other options with cert-init",
    ],
    ["- cert-init: {commonname: a, bits: 2048, outcert: c, outkey: k, notafter: soon}", "soon is not a time"],
    [`- ${makereq}}`, "must provide either InKey or OutKey"],
    [`- ${makereq}, inkey: i, outkey: o}`, "cannot use both InKey and OutKey"],
    [`- ${makereq}, inkey: i, bits: 2048}`, "cannot specify key bits when reading an already-existing key"],
    [`- ${makereq}, outkey: i}`, "must specify key bits when creating a new key"],
    [`- ${makereq}, inkey: i, ipaddress: 1.2.3}`, "invalid IP address: 1.2.3"],
  ])("%s", (text, message) => {
    expect(messagesOf(text)).toEqual([message]);
  });
});

test.each([
  "- control-service: {tls: a}\n- tls-server: {name: a, cert: c, key: k}",
  "- tcp-peer: {address: 'a:1', tls: default}",
  "- node: {firewallrules: [{Action: Accept, fromnode: '/(?i)web.*/', toservice: control}]}",
  "- tcp-peer: {address: '[::1]:1'}\n- tcp-peer: {address: 'localhost:http'}\n- ws-peer: wss://a/b?c=d",
  "- control-service: {service: '', tcplisten: 2222}\n- control-service: {tcplisten: '[::]:1'}",
  "- metrics-service\n- control-service: {filename: /tmp/a}",
  "cert-init: {commonname: a, bits: 2048, outcert: c, outkey: k, notbefore: 2024-01-01T00:00:00Z}\nnode: {id: a}",
  `- work-command: {worktype: a, command: b, params: "'it' \\"a b\\" c d#e # it's open"}`,
  `- work-command: {worktype: a, command: b, params: "-c '", allowruntimeparams: true}`,
  "- work-command: {worktype: a, command: b, workdir: /srv, envallow: [PATH], user: nobody}",
  "- work-command: {worktype: a, command: b, verifysignature: true}\n- work-verification: {orderkeys: k}",
  "- work-verification: {orderkeys: k, revoked: r, requireorder: true}\n- work-signing: {orderkey: k}",
  "- command-runner: {command: a, params: '', unitdir: /tmp}",
])("parseSettings() accepts %s", (text) => {
  expect(messagesOf(text)).toEqual([]);
});

test("a section with a fault is not missed by those that name it", () => {
  expect(messagesOf("- tls-server: {name: a, cert: c}\n- control-service: {tls: a}")).toEqual([
    "error in tls-server: required parameter missing: key",
  ]);
  expect(
    messagesOf(
      "- work-verification: {publickey: k, revoked: [[]]}\n- work-command: {worktype: a, command: b, verifysignature: true}",
    ),
  ).toEqual(["error in work-verification: revoked: type error (expected text)"]);
});
