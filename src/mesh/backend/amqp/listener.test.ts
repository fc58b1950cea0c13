import { describe, expect, test } from "vitest";
import { type Log, tlsClientSource } from "#core";
import { eventually } from "../../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";
import { amqpListener } from "./listener.ts";

function listeningLog() {
  const said: string[] = [];
  const to = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
  const log: Log = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  return { said, log };
}

describe("a listener at a broker that is away", () => {
  test("starts, says once which broker it is and why, tries again, and can be closed", async () => {
    const { said, log } = listeningLog();
    const url = `amqp://guest:s3cret@127.0.0.1:${await unusedPort()}/`;
    const open = await amqpListener({ url, nodeId: "hub" }, log).start(() => {});
    await eventually(() => said.length >= 3, "two more tries");
    await open.close();
    const shown = `amqp-listener ${url.replace("guest:s3cret@", "").replace(/\/$/, "")} as hub`;
    const why = "cannot listen yet, which is tried again: nobody listens there (connect ECONNREFUSED 127.0.0.1:";
    expect(said[0]).toContain(`warn: ${shown}: ${why}`);
    expect(open.problem).toContain(why);
    for (const line of said.slice(1)) expect(line).toMatch(/^debug: /);
    expect(said.join()).not.toContain("s3cret");
  });

  test("does not start with a TLS profile that cannot be used", async () => {
    const tls = tlsClientSource({ rootCas: "/no/such/file" });
    const listener = amqpListener({ url: "amqps://127.0.0.1:1/", nodeId: "hub", tls });
    await expect(listener.start(() => {})).rejects.toMatchObject({ code: "TLS_FILE_UNREADABLE" });
  });
});
