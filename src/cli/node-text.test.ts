import { describe, expect, test } from "vitest";
import { noColours } from "./colours.ts";
import { hopLines, nodeLines } from "./node-text.ts";

const alone = { NodeID: "foo", Version: "1.2.3", SystemCPUCount: 4, SystemMemoryMiB: 2048 };
const facts = ["node      foo", "version   1.2.3", "machine   4 CPUs, 2048 MiB of memory"];

const lines = (status: object): string[] => nodeLines({ ...alone, ...status }, noColours, Date.parse("2030-01-01"));

describe("nodeLines()", () => {
  test("shows a node without a mesh in four lines", () => {
    const nothing = { Connections: [], RoutingTable: {}, Advertisements: [], KnownConnectionCosts: {} };
    expect(lines(nothing)).toEqual([...facts, "mesh      no links"]);
    expect(lines({})).toEqual([...facts, "mesh      no links"]);
  });

  test("shows links, routes, services, work types and certificates", () => {
    const status = {
      Connections: [{ NodeID: "hub", Cost: 1.5 }],
      RoutingTable: { hub: "hub", far: "hub" },
      Advertisements: [
        {
          NodeID: "far",
          Service: "control",
          ConnType: 2,
          Tags: { type: "Control Service" },
          WorkCommands: [{ WorkType: "echo", Secure: true }],
        },
        {
          NodeID: "hub",
          Service: "web",
          ConnType: 1,
          Tags: { type: "TCP Proxy", address: "a:80" },
          WorkCommands: null,
        },
        { NodeID: "hub", Service: "dns", ConnType: 0, Tags: null, WorkCommands: null },
      ],
      Roads: [
        { Road: "ws-listener 0.0.0.0:0/", Addresses: ["[::]:8080"], Sessions: 1 },
        { Road: "tcp-peer hub:2222", Addresses: [], Sessions: 0, Problem: "nobody listens there" },
      ],
      Certificates: [
        { Profile: "mine", Kind: "tls-server", NotAfter: "2030-01-03T01:00:00.000Z" },
        { Profile: "old", Kind: "tls-client", NotAfter: "2029-12-31T00:00:00.000Z" },
      ],
    };
    expect(lines(status)).toEqual([
      ...facts,
      "mesh      1 link, 2 nodes in reach",
      "",
      "roads",
      "  ws-listener 0.0.0.0:0/  [::]:8080  1 connection",
      "  tcp-peer hub:2222                  nobody listens there",
      "",
      "links",
      "  hub  cost 1.5",
      "",
      "routes",
      "  hub  by hub",
      "  far  by hub",
      "",
      "services",
      "  control  far  streams with TLS  Control Service",
      "  web      hub  streams           TCP Proxy a:80",
      "  dns      hub  datagrams",
      "",
      "work types",
      "  echo  far  signed work only",
      "",
      "certificates",
      expect.stringMatching(/^ {2}mine {2}tls-server {2}2030-01-0[234] .* {2}2 d 1 h left$/),
      expect.stringMatching(/^ {2}old {3}tls-client {2}.* {2}has expired$/),
    ]);
  });
});

describe("hopLines()", () => {
  test("has a line for each hop in order, and the last one's fault", () => {
    const hops = {
      "10": { From: "b", TimeStr: "3ms", Error: "no route to node" },
      "2": { From: "a", TimeStr: "2ms" },
    };
    expect(hopLines(hops)).toEqual({
      lines: [" 2  a  2ms", "10  b  3ms  no route to node"],
      fault: "no route to node",
    });
  });
});
