import { describeBackend } from "../conformance.ts";
import { memoryRoad } from "./backend.ts";

describeBackend(
  "memory",
  async () => ({ ...memoryRoad({ times: { firstMs: [10, 20], baseMs: 50, maxMs: 100 } }), close: () => {} }),
  { reliable: true, maxMessageBytes: 65_535 },
);
