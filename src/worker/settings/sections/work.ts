import { defaultBudget, toolNames } from "#tools";
import { boolean, duration, integer, map, size, text, texts } from "../field.ts";
import type { SectionTable } from "../section.ts";

const worktype = text("Name of the work type.", { required: true });
const params = text("Parameters every unit gets, split like a shell does but without expansion.");
const allowruntimeparams = boolean("Submitters may add parameters.", { default: false });
const verifysignature = boolean("Only signed work is taken.", { default: false });

const limits = {
  maxruntime: duration("A unit that runs longer is ended.", { own: true, min: 1 }),
  maxoutput: size("A unit that writes more output is ended.", { own: true }),
  maxunits: integer("How many units of this type run at once.", { own: true, min: 1 }),
  workdir: text("Folder the command runs in; the daemon's when absent.", { own: true }),
  envallow: texts("Names of the environment variables the command gets; all when absent.", { own: true }),
  user: text("User the command runs as; needs a daemon that runs as root.", { own: true }),
  cancelgrace: duration("Time between the request to end and the kill.", { own: true, min: 0, default: 10_000 }),
};

const uses = {
  maxprocesses: integer("A unit with more processes at once is ended.", { own: true, min: 1 }),
  maxmemory: size("A unit whose processes together use more memory is ended.", { own: true }),
  maxcpu: duration("A unit whose processes together used more processor time is ended.", { own: true, min: 1 }),
};

/** Work types and the signing of work. Source: Receptor specification §5.4, §2.3, §2.4, §2.6. */
export const workSections = {
  "work-command": {
    description: "A work type that runs a command.",
    mapName: "work-commands",
    inMap: "list",
    phase: "run",
    fields: {
      worktype,
      command: text("Program to run, looked up in PATH.", { required: true }),
      params,
      allowruntimeparams,
      verifysignature,
      ...limits,
      ...uses,
    },
  },
  "work-python": {
    description: "A work type that runs a plugin of receptor-python-worker.",
    mapName: "work-pythons",
    inMap: "list",
    phase: "run",
    fields: {
      worktype,
      plugin: text("Python module of the plugin.", { required: true }),
      function: text("Function to call.", { required: true }),
      config: map("Handed to the plugin as JSON."),
      ...limits,
      ...uses,
    },
  },
  "work-loop": {
    description: "A work type whose tasks run loops fetch: programs that ask for the next task, here or elsewhere.",
    mapName: "work-loops",
    inMap: "list",
    phase: "run",
    own: true,
    fields: {
      worktype,
      loop: text("Run loop the worker starts, with its arguments; it speaks `helper.*` itself."),
      command: text(
        "Command for each task, in place of `loop`: Farhand's own loop runs it. Without either, helpers come.",
      ),
      params,
      allowruntimeparams,
      verifysignature,
      min: integer("Helpers that are kept although there is nothing to do.", { min: 0, max: 64, default: 0 }),
      max: integer("Helpers at most.", { min: 1, max: 64, default: 1 }),
      idletimeout: duration("A helper above `min` that has had nothing to do for so long goes.", {
        min: 1,
        default: 60_000,
      }),
      maxtasks: integer("A helper is replaced after so many tasks.", { min: 1 }),
      lease: duration("A helper that says nothing for so long has lost its task.", { min: 1, default: 60_000 }),
      attempts: integer("How often a task is handed out, when helpers die or fall silent.", { min: 1, default: 3 }),
      output: text(
        "live: shown as it comes, and no second attempt after that. whole: shown when its attempt has ended.",
        {
          values: ["live", "whole"],
          default: "live",
        },
      ),
      remote: boolean("Helpers on other machines may take it.", { default: false }),
      onserviceloss: text("What a helper does with its task when the worker is gone.", {
        values: ["finish", "abort"],
        default: "finish",
      }),
      servicelosstime: duration("So long a helper waits for the worker to come back.", { min: 1, default: 60_000 }),
      ...limits,
      ...uses,
    },
  },
  "work-tool": {
    description:
      "A built-in tool that looks at the network, and what it may look at. See [tools](tasks/open-tools.md).",
    mapName: "work-tools",
    inMap: "list",
    phase: "run",
    own: true,
    fields: {
      worktype: text("Which tool; `all` is every one that has no section of its own.", {
        required: true,
        values: [...toolNames, "all"],
      }),
      targets: texts(
        "Hosts it may look at: `any`, `private`, addresses, networks, names, `*.` and a name. Link-local addresses, multicast and the like only where they are named.",
        { default: ["private"] },
      ),
      interfaces: texts("Interfaces that may be listened on; `any` is all.", { default: ["any"] }),
      filter: text("Which filters may be asked for.", { values: ["any", "named"], default: "any" }),
      filters: map("Filters with a name, each to be asked for as `@name`."),
      requiredfilter: text("Filter that is and-ed in front of what is asked for."),
      maxseconds: integer("Longest run.", { min: 1, max: 86_400, default: defaultBudget.seconds }),
      maxpackets: integer("Most packets of a capture.", { min: 1, default: defaultBudget.packets }),
      maxbytes: size("Longest capture.", { default: defaultBudget.bytes }),
      maxtargets: integer("Most addresses of one run.", { min: 1, max: 65_536, default: defaultBudget.targets }),
      maxports: integer("Most ports of each target.", { min: 1, max: 65_535, default: defaultBudget.ports }),
      maxrate: integer("Most probes each second.", { min: 1, max: 100_000, default: defaultBudget.probesPerSecond }),
      maxunits: integer("How many run at once.", { min: 1, max: 1_000, default: 8 }),
      user: text("User it runs as where the daemon is root; `farhand-tools` or else `nobody` when absent."),
      verifysignature,
    },
  },
  "work-kubernetes": {
    description: "A work type that runs pods.",
    mapName: "work-kubernetes",
    inMap: "list",
    phase: "run",
    later: "running work in Kubernetes",
    fields: {
      worktype,
      namespace: text("Namespace of the pods."),
      image: text("Image of the container."),
      command: text("Command to run in the container."),
      params,
      authmethod: text("incluster, kubeconfig or runtime.", {
        default: "incluster",
        values: ["incluster", "kubeconfig", "runtime"],
      }),
      kubeconfig: text("File with the cluster's configuration."),
      pod: text("File with the definition of the pod."),
      allowruntimeauth: boolean("Submitters may bring their own access.", { default: false }),
      allowruntimecommand: boolean("Submitters may choose image and command.", { default: false }),
      allowruntimeparams,
      allowruntimepod: boolean("Submitters may bring the definition of the pod.", { default: false }),
      deletepodonrestart: boolean("Remove the pod when the daemon starts again.", { default: true }),
      streammethod: text("logger or tcp.", { default: "logger", values: ["logger", "tcp"] }),
      verifysignature,
    },
  },
  "work-signing": {
    description: "The keys that work for other nodes is signed with.",
    mapName: "work-signing",
    inMap: "single",
    phase: "prepare",
    singleton: true,
    fields: {
      privatekey: text("File with the RSA private key, PEM, for Receptor's tokens.", { bare: true, file: true }),
      orderkey: text("File with the Ed25519 private key, PEM, for signed orders to Farhand nodes.", {
        own: true,
        file: true,
      }),
      tokenexpiration: duration("How long a signature is valid; a signed order never longer than a day.", {
        default: 5 * 60_000,
        min: 1,
        invalid: () => "failed to parse TokenExpiration -- valid examples include '1.5h', '30m', '30m10s'",
      }),
    },
  },
  "work-verification": {
    description: "The keys that signed work is verified with.",
    mapName: "work-verification",
    inMap: "single",
    phase: "prepare",
    singleton: true,
    fields: {
      publickey: text("File with the RSA public key, PEM, for Receptor's tokens.", { bare: true, file: true }),
      orderkeys: text("File with Ed25519 public keys, PEM, or a folder of `.pem` files, for signed orders.", {
        own: true,
        file: true,
      }),
      revoked: text("File with the ids of keys whose orders are taken no longer.", { own: true, file: true }),
      requireorder: boolean("Take signed orders only, no tokens.", { own: true, default: false }),
    },
  },
  "command-runner": {
    description: "How Receptor's daemon starts its own runner.",
    mapName: "command-runner",
    inMap: "single",
    phase: "run",
    singleton: true,
    hidden: true,
    later: "running a single command for a Receptor daemon",
    fields: {
      command: text("Program to run.", { required: true }),
      params: text("Its parameters.", { required: true }),
      unitdir: text("Folder of the unit.", { required: true }),
    },
  },
} as const satisfies SectionTable;
