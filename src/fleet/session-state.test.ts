import { expect, test } from "vitest";
import { meetingOf } from "./session-state.ts";

/** We are `a1`, and the other side says it is `b1`. */
test.each([
  ["nobody is known to either", { peer: null, isKnown: false }, null, "first"],
  ["it knows us, and its words never reached us", { peer: null, isKnown: false }, "a1", "first"],
  ["we were started anew", { peer: null, isKnown: false }, "a0", "first"],
  ["both know each other", { peer: "b1", isKnown: true }, "a1", "resumed"],
  ["our words never reached it", { peer: "b1", isKnown: false }, null, "resumed"],
  ["it was started anew", { peer: "b0", isKnown: true }, null, "restarted"],
  ["it was started anew before we heard anything", { peer: "b0", isKnown: false }, null, "restarted"],
  ["it was started anew and has met us, unheard", { peer: "b0", isKnown: true }, "a1", "restarted"],
  ["it has forgotten us", { peer: "b1", isKnown: true }, null, "restarted"],
  ["it has spoken with a clone of ours", { peer: "b1", isKnown: true }, "a2", "restarted"],
  ["it has spoken with a clone of ours before us", { peer: "b1", isKnown: false }, "a2", "restarted"],
] as const)("when %s, it is %o that says it knows %s: %s", (_case, own, peer, meeting) => {
  const said = { session: "b1", peer, received: 0, begun: 0 };
  expect(meetingOf({ session: "a1", ...own }, said)).toBe(meeting);
});
