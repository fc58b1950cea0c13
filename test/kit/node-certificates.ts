import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CertificateFiles } from "./certificates.ts";

const run = promisify(execFile);

/** A throw-away certificate authority for nodes of a mesh. */
export interface NodeAuthority {
  /** Path of its certificate. */
  readonly ca: string;
  /** A certificate for `localhost` that names the node ids (spec §4.5), for the given roles or for all. */
  issue(name: string, nodeIds: readonly string[], roles?: "serverAuth" | "clientAuth"): Promise<CertificateFiles>;
}

/** Make an authority in an existing folder, by the `openssl` command. Everything is valid for two days. */
export async function makeNodeAuthority(folder: string, name = "ca"): Promise<NodeAuthority> {
  const config = join(folder, `${name}.cnf`);
  writeFileSync(config, "[req]\ndistinguished_name = name\n[name]\n");
  const make = async (stem: string, extensions: readonly string[], ca?: CertificateFiles) => {
    const files = { cert: join(folder, `${stem}.crt`), key: join(folder, `${stem}.key`) };
    await run("openssl", [
      ...["req", "-x509", "-config", config, "-subj", `/CN=farhand test ${stem}`],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-out", files.cert, "-keyout", files.key],
      ...(ca ? ["-CA", ca.cert, "-CAkey", ca.key] : []),
      ...extensions.flatMap((extension) => ["-addext", extension]),
    ]);
    return files;
  };
  const authority = await make(name, ["basicConstraints=critical,CA:true"]);
  return {
    ca: authority.cert,
    issue: (stem, nodeIds, roles) => {
      const ids = nodeIds.map((id) => `otherName:1.3.6.1.4.1.2312.19.1;UTF8:${id}`);
      const names = ["DNS:localhost", ...ids].join(",");
      const extensions = [`subjectAltName=${names}`, ...(roles ? [`extendedKeyUsage=${roles}`] : [])];
      return make(stem, extensions, authority);
    },
  };
}
