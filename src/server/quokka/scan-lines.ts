import { type PythonValue, readPythonLiteral } from "./python-literal.ts";

/** Longest text of the program that is given on with its lines. */
const maxRawChars = 512 * 1024;

type Shape = Readonly<Record<string, PythonValue>>;

/**
 * What a Quokka worker tells of a scan (spec §5.2), as lines like those of the tool `portscan`: open ports, then the host,
 * then a summary with the program's own text. Of a text that is no literal there is the summary alone.
 */
export function scanLines(output: string, asked: string): object[] {
  const scan = shapeIn(shapeIn(readPythonLiteral(output))["scan"]);
  const hosts = Object.entries(scan).map(([address, host]) => [address, shapeIn(host)] as const);
  const ports = hosts.flatMap(([address, host]) => portLines(address, shapeIn(host["tcp"])));
  const stats = shapeIn(shapeIn(shapeIn(readPythonLiteral(output))["nmap"])["scanstats"]);
  return [
    ...ports,
    ...hosts.map(([address, host]) => hostLine(address, host)),
    {
      ...{ type: "summary", program: "nmap", target: asked, hosts: hosts.length },
      up: hosts.filter(([, host]) => shapeIn(host["status"])["state"] === "up").length,
      open: ports.filter(({ state }) => state === "open").length,
      ...(Number(stats["elapsed"]) >= 0 && { seconds: Number(stats["elapsed"]) }),
      complete: hosts.length > 0,
      raw: output.slice(0, maxRawChars),
    },
  ];
}

function portLines(address: string, ports: Shape) {
  return Object.entries(ports)
    .filter(([port]) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535)
    .map(([port, about]) => {
      const { state, name, product, version } = shapeIn(about);
      const service = { name: textIn(name), ...given("product", product), ...given("version", version) };
      const guessed = textIn(product) === "";
      return {
        ...{ type: "port", address, port: Number(port), protocol: "tcp" },
        state: state === "open" || state === "closed" ? state : "filtered",
        ...(service.name !== "" && { service: { ...service, guessed } }),
      };
    });
}

function hostLine(address: string, host: Shape): object {
  const states = Object.values(shapeIn(host["tcp"])).map((port) => shapeIn(port)["state"]);
  const countOf = (state: string): number => states.filter((each) => each === state).length;
  const { osmatch } = host;
  const systems = (Array.isArray(osmatch) ? osmatch : [])
    .map((match) => shapeIn(match as PythonValue))
    .map(({ name, accuracy }) => ({ name: textIn(name), accuracy: Number(accuracy) || 0 }));
  return {
    ...{ type: "host", address, state: shapeIn(host["status"])["state"] === "up" ? "up" : "down" },
    ...{ open: countOf("open"), closed: countOf("closed"), filtered: countOf("filtered") },
    ...(systems.length > 0 && { systems: systems.slice(0, 20) }),
  };
}

const given = (name: string, value: PythonValue | undefined) => (textIn(value) === "" ? {} : { [name]: textIn(value) });
const textIn = (value: PythonValue | undefined): string => (typeof value === "string" ? value.slice(0, 300) : "");

function shapeIn(value: PythonValue | undefined): Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Shape) : {};
}
