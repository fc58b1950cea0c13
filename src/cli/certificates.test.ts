import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { testTerminal } from "../../test/kit/test-terminal.ts";
import { parseReceptorArgs, readSettingsFile } from "#worker";
import { askOn, makeCertificates } from "./certificates.ts";
import { commands } from "./commands.ts";
import { runProgram } from "./program.ts";
import { receptorProgram } from "./receptor-program.ts";

const subjectIn = (path: string): string => new X509Certificate(readFileSync(path)).subject;

test("the three commands make an authority, a request and a certificate", async () => {
  await using folder = await tempFolder();
  const at = (name: string) => folder.file(name);
  const run = (line: string, ...answers: string[]) => {
    const { terminal, out, err } = testTerminal(...answers);
    return runProgram(line.split(" "), commands, terminal).then((exit) => ({ exit, out, err }));
  };
  const ca = `--outcert ${at("ca.crt")} --outkey ${at("ca.key")}`;
  expect(await run(`cert-init --commonname ca --bits 2048 ${ca}`)).toMatchObject({
    exit: 0,
    out: [at("ca.key"), at("ca.crt")],
  });
  const names = "--nodeid a --nodeid b --dnsname a.example --ipaddress 10.0.0.1";
  const request = `--bits 2048 --outkey ${at("key")} --outreq ${at("csr")}`;
  expect(await run(`cert-makereq --commonname n ${names} ${request} --json`)).toMatchObject({
    out: [JSON.stringify({ files: [at("key"), at("csr")] })],
  });
  const sign = `cert-signreq --req ${at("csr")} --cacert ${at("ca.crt")} --cakey ${at("ca.key")} --outcert ${at("crt")}`;
  await expect(run(sign, "no\n")).rejects.toMatchObject({ code: "SIGNING_DECLINED" });
  await expect(run(sign)).rejects.toMatchObject({ message: "user declined" });
  const signed = await run(sign, "Y", "ES");
  expect(signed.err.join()).toMatch(/Receptor Node ID: a\n {4}Receptor Node ID: b\nSign certificate \(yes\/no\)\? $/);
  expect(signed.out).toEqual([at("crt")]);
  expect(subjectIn(at("crt"))).toBe("CN=n");
});

test("the commands refuse what Receptor refuses", async () => {
  const { terminal } = testTerminal();
  const run = (line: string) => runProgram(line.split(" "), commands, terminal);
  await expect(run("cert-init --bits 2048")).rejects.toThrow(
    "required parameters missing: commonname, outcert, outkey",
  );
  await expect(run("cert-makereq --commonname a --outreq b")).rejects.toThrow("must provide either InKey or OutKey");
  await expect(run("cert-signreq --req a --cacert b --cakey c --outcert d --notafter soon")).rejects.toThrow(
    "soon is not a time",
  );
});

test("receptor --cert-… runs alone, and says nothing when all is well", async () => {
  await using folder = await tempFolder();
  const { terminal, out } = testTerminal();
  const words = [
    "--cert-init",
    "commonname=a",
    "bits=2048",
    `outcert=${folder.file("c")}`,
    `outkey=${folder.file("k")}`,
  ];
  expect(await receptorProgram(words, terminal)).toBe(0);
  expect(out).toEqual([]);
  expect(subjectIn(folder.file("c"))).toBe("CN=a");
  expect(await receptorProgram([...words, "--local-only"], terminal)).toBe(1);
  expect(out).toEqual([expect.stringContaining("cannot specify any other options with cert-init")]);
});

test("a file in list form makes one thing, one in map form makes all, each question with its own answer", async () => {
  await using folder = await tempFolder();
  const at = (name: string) => folder.file(name);
  const { terminal } = testTerminal();
  writeFileSync(at("list.yml"), `- cert-init: {commonname: l, bits: 1024, outcert: ${at("l")}, outkey: ${at("lk")}}\n`);
  expect(await receptorProgram(["-c", at("list.yml")], terminal)).toBe(0);
  expect(subjectIn(at("l"))).toBe("CN=l");

  const request = (name: string) =>
    `  - {commonname: ${name}, bits: 1024, nodeid: [${name}], outkey: ${at(`${name}.key`)}, outreq: ${at(`${name}.csr`)}}`;
  const sign = (name: string) =>
    `  - {req: ${at(`${name}.csr`)}, cacert: ${at("ca.crt")}, cakey: ${at("ca.key")}, outcert: ${at(`${name}.crt`)}}`;
  const map = [
    ...["cert-signreqs:", sign("one"), sign("two"), "cert-makereqs:", request("one"), request("two")],
    `cert-init: {commonname: ca, bits: 1024, outcert: ${at("ca.crt")}, outkey: ${at("ca.key")}}`,
  ];
  writeFileSync(at("map.yml"), `${map.join("\n")}\n`);
  expect(await receptorProgram(["-c", at("map.yml")], testTerminal("yes\ny\n").terminal)).toBe(0);
  expect([subjectIn(at("one.crt")), subjectIn(at("two.crt"))]).toEqual(["CN=one", "CN=two"]);
});

test("makeCertificates() stops at the first thing that cannot be done", async () => {
  await using folder = await tempFolder();
  const request = parseReceptorArgs(
    ["--cert-signreq", "req=no", "cacert=no", "cakey=no", `outcert=${folder.file("c")}`],
    readSettingsFile,
  );
  const { terminal, out } = testTerminal("yes\n");
  const ask = askOn(terminal, (text) => terminal.write(Buffer.from(text)));
  const made = makeCertificates(request.kind === "start" ? request.directives : [], ask);
  await expect(made).rejects.toMatchObject({ code: "CERTIFICATE_INVALID", message: /cannot read no/ });
  expect(out).toEqual([]);
  expect(existsSync(folder.file("c"))).toBe(false);
});
