import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressesOf, contains, parseNetwork } from "./address.ts";
import { defaultBudget, grantedBudget } from "./budget.ts";
import { ToolError } from "./errors.ts";
import { allowedFilter, filterFault } from "./filter.ts";
import { allowedInterface } from "./interface.ts";
import { ownTrafficFilter } from "./own-traffic.ts";
import { policyFaults } from "./policy-faults.ts";
import { checkTarget, resolveTarget } from "./resolve-target.ts";
import { TargetList } from "./target-list.ts";

const allows = (host: string, ...entries: string[]): boolean => {
  try {
    checkTarget(host, new TargetList(entries));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "TARGET_REFUSED" });
    return false;
  }
};

describe("parseNetwork()", () => {
  test.each([
    ["10.0.0.7/30", ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"]],
    ["192.0.2.1", ["192.0.2.1"]],
    ["::1", ["::1"]],
    ["2001:DB8::1:0:0:1/127", ["2001:db8:0:0:1::", "2001:db8::1:0:0:1"]],
    ["::ffff:10.0.0.1", ["10.0.0.1"]],
    ["::ffff:10.0.0.0/127", ["10.0.0.0", "10.0.0.1"]],
    ["0:0:0:0:0:FFFF:0a00:0001", ["10.0.0.1"]],
    ["::10.0.0.1", ["10.0.0.1"]],
    ["::", ["::"]],
  ])("%s is %j", (text, addresses) => {
    const network = parseNetwork(text);
    expect(network && addressesOf(network)).toEqual(addresses);
  });

  test.each([
    "",
    "10.0.0",
    "010.0.0.1",
    "0x7f.1",
    "2130706433",
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/8/8",
    "fe80::1%eth0",
  ])("%j is none", (text) => expect(parseNetwork(text)).toBeUndefined());

  test("gives back every address in its usual form", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = parseNetwork(address);
        const [text = ""] = network ? addressesOf(network) : [];
        expect(parseNetwork(text)).toEqual(network);
      }),
    );
  });

  test("is the same however an address of IPv6 is written", () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, fc.boolean(), fc.boolean(), fc.nat(7), (address, isLong, isUpper, zeroAt) => {
        const texts = address.map((group) => group.toString(16).padStart(isLong ? 4 : 1, "0"));
        const plain = parseNetwork(address.map((group) => group.toString(16)).join(":"));
        const cased = isUpper ? texts.join(":").toUpperCase() : texts.join(":");
        const [high = 0, low = 0] = address.slice(6);
        const dotted = [...texts.slice(0, 6), [high >> 8, high & 255, low >> 8, low & 255].join(".")].join(":");
        const short = address[zeroAt] === 0 ? [texts.slice(0, zeroAt), texts.slice(zeroAt + 1)] : undefined;
        const written = [cased, dotted, ...(short ? [short.map((part) => part.join(":")).join("::")] : [])];
        for (const text of written) expect([text, parseNetwork(text)]).toEqual([text, plain]);
        expect(parseNetwork(`${cased}/128`)).toEqual(plain);
      }),
    );
  });

  test("an address is in each of its networks", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(32), (address, prefix) => {
        const [inner, outer] = [parseNetwork(address), parseNetwork(`${address}/${prefix}`)];
        expect(inner && outer && contains(outer, inner)).toBe(true);
      }),
    );
  });
});

describe("targets", () => {
  test.each([
    ["10.1.2.3", ["private"], true],
    ["192.168.0.0/28", ["private"], true],
    ["192.168.0.0/15", ["private"], false],
    ["127.0.0.1", ["private"], false],
    ["127.0.0.1", ["any"], true],
    ["8.8.8.8", ["private"], false],
    ["::ffff:8.8.8.8", ["private"], false],
    ["8.8.8.8", ["8.8.8.0/24"], true],
    ["2001:db8::1", ["8.8.8.0/24"], false],
    ["anything.example", ["8.8.8.0/24"], true],
    ["anything.example", ["db.example"], false],
    ["DB.example.", ["db.example"], true],
    ["a.db.example", ["*.db.example"], true],
    ["db.example", ["*.db.example"], false],
    ["evildb.example", ["*.db.example"], false],
    ["10.0.0.1", [], false],
  ])("%s against %j: %s", (host, entries, is) => expect(allows(host, ...entries)).toBe(is));

  test.each([
    ...["169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "224.0.0.1", "ff02::1", "255.255.255.255"],
    ...[
      "0.0.0.0",
      "::",
      "64:ff9b::a9fe:a9fe",
      "2002:a9fe:a9fe::1",
      "169.254.0.0/16",
      "0.0.0.0/0",
      "::ffff:169.254.169.254",
      "::169.254.169.254",
      "::FFFF:a9fe:a9fe",
      "0:0:0:0:0:ffff:a9fe:a9fe",
      "::ffff:0:169.254.169.254",
      "fd20:ce::254",
      "FD00:C1:0::A9FE:A9FE",
      "FE80:0000::0001",
      "ff02:0:0:0:0:0:0:1",
      "::/96",
    ],
  ])("%s is closed unless it is named", (host) => {
    expect(allows(host, "any", "private", "0.0.0.0/0", "::/0", "128.0.0.0/1")).toBe(false);
  });

  test.each([
    ["::ffff:10.0.0.9", "10.0.0.9"],
    ["::ffff:a00:9", "10.0.0.0/24"],
    ["10.0.0.9", "::ffff:10.0.0.0/120"],
    ["2001:DB8:0:0::9", "2001:db8::/64"],
    ["2001:db8::/126", "2001:0db8:0000::/64"],
    ["fd12:3456::1", "private"],
    ["::1", "::1"],
  ])("%s is let through by %s, whichever way the two are written", (host, entry) => {
    expect(allows(host, entry)).toBe(true);
  });

  test.each([
    ["10.0.0.9", "::/0"],
    ["::ffff:10.0.0.9", "::/0"],
    ["::10.0.0.9", "::/0"],
    ["::ffff:127.0.0.1", "::1"],
    ["::1", "127.0.0.0/8"],
    ["::1", "0.0.0.0/0"],
    ["::1", "private"],
    ["::ffff:7f00:1", "private"],
    ["2001:db8:0:1::", "2001:db8::/64"],
    ["2001:db8::/63", "2001:db8::/64"],
    ["2001:db80::1", "2001:db8::/32"],
    ["fe80::1%eth0", "any"],
    ["fe80::1%eth0", "fe80::/10"],
    ["2001:db8::1%1", "2001:db8::/64"],
    ["::1%lo", "::1"],
    ["[::1]", "any"],
    ["1::2::3", "any"],
    ["12345::", "any"],
    ["::ffff:10.0.0.256", "any"],
    ["::ffff:012.0.0.1", "any"],
  ])("%s does not slip past %s", (host, entry) => expect(allows(host, entry)).toBe(false));

  test("what is closed is open where an entry means it", () => {
    expect(allows("169.254.7.7", "169.254.7.0/24")).toBe(true);
    expect(allows("169.254.169.254", "169.254.7.0/24")).toBe(false);
    expect(allows("224.0.0.251", "private", "224.0.0.251")).toBe(true);
  });

  test.each(["-z", "a b", "a;b", "a\n", "10.0.0.0/99", "/etc/passwd", ""])("%j is no host at all", (host) => {
    expect(allows(host, "any")).toBe(false);
  });
});

describe("resolveTarget()", () => {
  const resolve = (host: string, entries: string[], answer: string[] | Error, most = 256) => {
    let asked = 0;
    const lookup = async () => {
      asked++;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return resolveTarget(host, new TargetList(entries), most, lookup).then((target) => ({ ...target, asked }));
  };

  test("asks once, and gives only what may be used", async () => {
    expect(await resolve("db.example", ["10.0.0.0/8"], ["10.0.0.1", "8.8.8.8", "10.0.0.1", "::1"])).toEqual({
      ...{ host: "db.example", addresses: ["10.0.0.1"], asked: 1 },
    });
  });

  test("a name whose host is outside the list is refused, and says which host that is", async () => {
    await expect(resolve("rebound.example", ["10.0.0.0/8"], ["127.0.0.1"])).rejects.toThrow(
      "may not look at rebound.example (127.0.0.1)",
    );
  });

  test("not even a listed name leads to what is closed", async () => {
    expect(await resolve("db.example", ["db.example"], ["8.8.8.8"])).toMatchObject({ addresses: ["8.8.8.8"] });
    const refused = resolve("db.example", ["db.example", "any"], ["169.254.169.254", "::ffff:169.254.169.254"]);
    await expect(refused).rejects.toMatchObject({ code: "TARGET_REFUSED" });
  });

  test("takes of what a name stands for nothing with a zone, and IPv4 for what it is", async () => {
    const answer = ["fe80::1%eth0", "::ffff:127.0.0.1", "2001:db8::66", "2001:DB8:1:0::7", "::ffff:10.0.0.7"];
    expect(await resolve("db.example", ["2001:db8:1::/48", "10.0.0.0/8"], answer)).toMatchObject({
      addresses: ["2001:db8:1::7", "10.0.0.7"],
    });
    const refused = resolve("db.example", ["fe80::/10"], ["fe80::1%eth0"]);
    await expect(refused).rejects.toMatchObject({ code: "TARGET_REFUSED" });
  });

  test("writes a network out, when it is small enough", async () => {
    expect(await resolve("10.0.0.0/30", ["any"], [])).toMatchObject({ asked: 0, addresses: expect.any(Array) });
    await expect(resolve("10.0.0.0/8", ["any"], [])).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    await expect(resolve("::/0", ["::/0"], [])).rejects.toMatchObject({ code: "TARGET_REFUSED" });
  });

  test("whoever answers for a name makes no network of it", async () => {
    const many = Array.from({ length: 250 }, (_, n) => `10.0.0.${n}`);
    expect((await resolve("wide.example", ["private"], many, 1)).addresses).toEqual(many.slice(0, 8));
  });

  test("says when nobody knows the name", async () => {
    const failed = resolve("no.example", ["any"], new Error("getaddrinfo ENOTFOUND no.example"));
    await expect(failed).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
  });
});

describe("filters", () => {
  const policy = { allow: "any", named: { dns: "udp port 53" }, required: "not port 22" } as const;

  test("the required one stands in front, and what is asked cannot end its parentheses", () => {
    expect(allowedFilter("tcp or udp", policy)).toBe("(not port 22) and (tcp or udp)");
    expect(allowedFilter("@dns", policy)).toBe("(not port 22) and (udp port 53)");
    expect(allowedFilter("", policy)).toBe("not port 22");
    for (const out of ["tcp) or (udp", ")(", "tcp[0) = 1]", "(tcp", "tcp]"]) {
      expect(() => allowedFilter(out, policy)).toThrow(expect.objectContaining({ code: "FILTER_REFUSED" }));
    }
  });

  test("what gets through is inside its parentheses, and no option", () => {
    const word = fc.constantFrom(
      "(",
      ")",
      "[",
      "]",
      " ",
      "-",
      "tcp",
      "port 22",
      "or",
      "not",
      ";",
      "\n",
      "'",
      "\\tcp",
      "@dns",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const asked = words.join("");
        let filter = "";
        try {
          filter = allowedFilter(asked, policy);
        } catch (error) {
          expect(error).toBeInstanceOf(ToolError);
          return;
        }
        expect(filter).toMatch(/^(not port 22$|\(not port 22\) and \()/);
        expect(filter).not.toMatch(/[\n;']/);
        expect(depthIsNeverBelow(filter.slice("(not port 22) and (".length, -1))).toBe(true);
      }),
    );
  });

  test("has a limit for its length", () => {
    expect(filterFault("a".repeat(2_001))).toMatch(/longer than 2000/);
  });
});

function depthIsNeverBelow(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    if (depth < 0) return false;
  }
  return depth === 0;
}

test("allowedInterface() takes names alone, and when none is asked for the first that may be", () => {
  expect(allowedInterface("", ["any"])).toBe("any");
  expect(allowedInterface("", ["eth0", "eth1"])).toBe("eth0");
  expect(allowedInterface("wlan0.5@x", ["any"])).toBe("wlan0.5@x");
  for (const name of ["any", "eth2", "1", "-i", "a/b", "rpcap://x", "x".repeat(16)])
    expect(() => allowedInterface(name, ["eth0"])).toThrow(expect.objectContaining({ code: "INTERFACE_REFUSED" }));
  expect(() => allowedInterface("3", ["any"])).toThrow(expect.objectContaining({ code: "INTERFACE_REFUSED" }));
  expect(() => allowedInterface("", [])).toThrow(expect.objectContaining({ code: "INTERFACE_REFUSED" }));
});

test("grantedBudget() gives the lower of asked and allowed, and refuses more targets or ports", () => {
  const granted = grantedBudget({ seconds: 10, bytes: 1e15, ports: 10 }, defaultBudget);
  expect(granted).toEqual({ ...defaultBudget, seconds: 10 });
  for (const asked of [{ targets: 257 }, { ports: 70_000 }])
    expect(() => grantedBudget(asked, defaultBudget)).toThrow(expect.objectContaining({ code: "BUDGET_EXCEEDED" }));
});

test("ownTrafficFilter() leaves out a server elsewhere by its addresses, and one on this machine by its port", async () => {
  const lookup = async (name: string) => (name === "farm.example" ? ["192.0.2.9", "2001:db8::9"] : ["127.0.0.1"]);
  const own = ["farm.example:8443", "localhost:8444", "[::1]:7", "nonsense"];
  expect(await ownTrafficFilter(own, lookup, ["127.0.0.1", "::1"])).toBe(
    "(host 192.0.2.9 and port 8443) or (host 2001:db8::9 and port 8443) or port 8444 or port 7",
  );
  const written = ["[::ffff:192.0.2.9]:1", "[fe80::9%eth0]:2", "[2001:DB8:0::9]:3"];
  expect(await ownTrafficFilter(written, lookup, [])).toBe(
    "(host 192.0.2.9 and port 1) or (host fe80::9 and port 2) or (host 2001:db8::9 and port 3)",
  );
  expect(await ownTrafficFilter(["gone.example:1"], () => Promise.reject(new Error("no")), [])).toBe("");
});

test("policyFaults() finds what would never let anything through, or anything but what it says", () => {
  const filters = { allow: "any", named: {} } as const;
  expect(
    policyFaults({ targets: ["any", "10.0.0.0/8", "*.a.example", "db_1"], interfaces: ["any", "eth0"], filters }),
  ).toEqual([]);
  const faults = policyFaults({
    targets: ["10.0.0.0/99", "*", "a b", "10.0.0"],
    interfaces: ["-i", "1"],
    filters: { allow: "named", named: { "a b": "tcp", open: "(tcp" }, required: "tcp) or (udp" },
  });
  expect(faults.map(({ part }) => part)).toEqual([
    ...["targets", "targets", "targets", "targets", "interfaces", "interfaces", "named", "named", "required"],
  ]);
});
