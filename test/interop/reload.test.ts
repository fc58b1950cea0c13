import { beforeAll, expect, test } from "vitest";
import { freshBuild } from "../kit/daemon.ts";
import { describeWithReceptorctl } from "../kit/receptorctl.ts";
import { type Place, workerPlace } from "./worker.ts";

const settings = `- node: {id: alpha, datadir: "{place}/data"}
- local-only: {}
- control-service: {filename: "{place}/s"}
- work-command: {worktype: cat, command: cat}
`;

describeWithReceptorctl("receptorctl reload", () => {
  beforeAll(freshBuild);

  /** Reload after the file has become another. */
  async function reload(place: Place, changed: string) {
    place.write("settings.yml", changed.replaceAll("{place}", place.path));
    return await place.ctl("reload");
  }

  test.each([
    ["as it was", settings],
    [
      "with a comment and other order of keys",
      `# hello\n${settings.replace(/worktype: cat, (.*)}/, "$1, worktype: cat}")}`,
    ],
    ["with a mesh connection more", `${settings}- tcp-listener: {port: 0, bindaddr: 127.0.0.1}\n`],
    ["without local-only, which may come and go", settings.replace("- local-only: {}\n", "")],
  ])("succeeds with the file %s", async (_name, changed) => {
    await using place = await workerPlace(settings);
    await using _daemon = await place.start();
    expect(await reload(place, changed)).toMatchObject({ code: 0, stdout: "Reload successful\n" });
  });

  test.each([
    ["changed", settings.replace("command: cat", "command: tac"), "'work-command' was modified or added"],
    ["added", `${settings}- work-command: {worktype: list, command: ls}\n`, "'work-command' was modified or added"],
    ["removed", settings.replace(/- work-command.*\n/, ""), "'work-command' was removed"],
    ["renamed", settings.replace("id: alpha", "id: beta"), "'node' was modified or added"],
  ])("ends with 3 when a section was %s", async (_name, changed, why) => {
    await using place = await workerPlace(settings);
    await using _daemon = await place.start();
    const { code, stderr } = await reload(place, changed);
    expect(stderr).toContain(why);
    expect(stderr).toContain("Must restart receptor");
    expect(code).toBe(3);
    expect((await place.ctl("work", "submit", "cat", "-l", "still", "-f")).stdout).toBe("still\n");
  });

  test.each([
    ["is no YAML any more", "- node: {id: [\n", "error loading config file"],
    ["has an unknown section", `${settings}- nosuch: {}\n`, "unknown config type nosuch"],
    ["has a bad cost", `${settings}- tcp-peer: {address: "a:1", cost: -1}\n`, "connection cost must be positive"],
    ["has a listener that cannot bind", `${settings}- tcp-listener: {port: 1, bindaddr: 192.0.2.1}\n`, "cannot listen"],
  ])("ends with 4 when the file %s", async (_name, changed, why) => {
    await using place = await workerPlace(settings);
    await using _daemon = await place.start();
    const { code, stderr } = await reload(place, changed);
    expect(stderr).toContain(why);
    expect(code).toBe(4);
    expect(await reload(place, settings)).toMatchObject({ code: 0 });
  });
});
