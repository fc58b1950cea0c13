import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { managedWorker, type ManagedWorker, servicePassword, socketClient } from "../../test/kit/managed-worker.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { commands } from "./commands.ts";
import { runProgram } from "./program.ts";

/** Run a command line; gives what it printed. */
async function farhand(worker: Pick<ManagedWorker, "socket">, ...argv: string[]) {
  const { terminal, out, err } = testTerminal("");
  const exit = await runProgram([...argv, "--socket", worker.socket], commands, terminal);
  return { exit, out: out.join("\n"), err: err.join("\n") };
}

describe("farhand worker", () => {
  test("status shows how it is and what to do next", async () => {
    await using worker = await managedWorker();
    worker.settings.facts = {
      ...{ ...worker.settings.facts, state: "unconfigured", nextStep: "farhand worker join" },
      pending: [{ key: "log.level", takesEffect: "restart" }],
    };
    const { out } = await farhand(worker, "worker", "status");
    expect(out).toMatch(/^state +unconfigured$/m);
    expect(out).toMatch(/^next step +farhand worker join$/m);
    expect(out).toMatch(/^switches +watchers on, monitors on, workers on$/m);
    expect((await farhand(worker, "worker", "status", "--pending")).out).toBe("log.level: at the next restart");
    const { out: json } = await farhand(worker, "worker", "status", "--json");
    expect(JSON.parse(json)).toMatchObject({ state: "unconfigured", nodeId: "alpha" });
  });

  test("switches shows and sets them", async () => {
    await using worker = await managedWorker();
    expect((await farhand(worker, "worker", "switches", "workers=off", "monitors=off")).out).toBe(
      "watchers on, monitors off, workers off",
    );
    expect(JSON.parse((await farhand(worker, "worker", "switches", "--json")).out)).toEqual(
      worker.management.switches.states,
    );
    for (const word of ["workers", "workers=maybe", "others=on", "workers=on=off"])
      await expect(farhand(worker, "worker", "switches", word)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("restart and stop ask it to", async () => {
    await using worker = await managedWorker();
    await farhand(worker, "worker", "restart");
    await farhand(worker, "worker", "stop");
    expect(worker.lived).toEqual(["restart by local user", "stop by local user"]);
  });

  test("CAT-111: a refusal says what, by which rule, and what helps; the password in a file does", async () => {
    await using worker = await managedWorker({ rules: { requirePasswordLocally: true } });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    const refused = farhand(worker, "worker", "stop");
    await expect(refused).rejects.toThrow(/worker\.stop was refused \(CAT-24\).*log in with the service password/);
    const file = worker.node.folder.file("secret");
    writeFileSync(file, `${servicePassword}\n`);
    expect((await farhand(worker, "worker", "stop", "--password-file", file)).exit).toBe(0);
  });

  test("password sets it from a file, and clears it", async () => {
    await using worker = await managedWorker();
    const file = worker.node.folder.file("secret");
    writeFileSync(file, `${servicePassword}\n`);
    const { err } = await farhand(worker, "worker", "password", "--new-password-file", file);
    expect(err).toBe("the service password is set");
    expect((await farhand(worker, "worker", "status")).out).toMatch(/^password +set$/m);
    await farhand(worker, "worker", "password", "--clear");
    expect((await farhand(worker, "worker", "status")).out).toMatch(/^password +not set$/m);
    await expect(farhand(worker, "worker", "password")).rejects.toMatchObject({ code: "NO_KEYBOARD" });
  });

  test("CAT-112: one that is killed before it has read what was asked is silent, and no unknown failure", async () => {
    await using folder = await tempFolder();
    // Nothing is read, so that the end of the socket resets what was asked, as the end of a killed worker does.
    const dying = createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 50));
    await new Promise<void>((resolve) => dying.listen(folder.file("w.sock"), resolve));
    const asking = farhand({ socket: folder.file("w.sock") }, "worker", "status");
    await expect(asking).rejects.toMatchObject({
      ...{ code: "WORKER_SILENT", exit: 5 },
      remedy: expect.stringContaining("worker doctor") as string,
    });
    await new Promise((resolve) => dying.close(resolve));
  });

  test("where none runs it says so", async () => {
    const asking = farhand({ socket: "/nonexistent/worker.sock" }, "worker", "status");
    await expect(asking).rejects.toMatchObject({ code: "WORKER_SILENT", exit: 5 });
  });
});
