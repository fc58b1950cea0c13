import { describe, expect, test } from "vitest";
import { findUser } from "./user.ts";

const passwd =
  "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1001:Ann:/home/ann:/bin/sh\n1000x:x:7:7::/:/bin/sh\nbad:x\nworse:x::5:\n\n";
const group = "root:x:0:\nann:x:1001:\nwheel:x:10:bob,ann\nann2:x:11:annx\nextra:x:1001:ann\n";

describe("findUser()", () => {
  test.each(["ann", "1000"])("finds %s with all groups of a login", (name) => {
    expect(findUser(name, passwd, group)).toEqual({ uid: 1000, gid: 1001, groups: [1001, 10] });
  });

  test("does not take a part of a name for a member of a group", () => {
    expect(findUser("root", passwd, group)).toEqual({ uid: 0, gid: 0, groups: [0] });
  });

  test.each(["", "nobody-here", "x", "bad", "worse"])("refuses %j", (name) => {
    expect(() => findUser(name, passwd, group)).toThrow(expect.objectContaining({ code: "START_FAILED" }));
  });

  test("reads the files of this machine", () => {
    expect(findUser("root")).toMatchObject({ uid: 0, gid: 0 });
  });
});
