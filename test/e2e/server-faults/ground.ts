import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Closers } from "../../../src/core/mod.ts";
import { endMarkedProcesses } from "../../kit/marked-processes.ts";
import { type Cable, layCable, type Rabbitmq } from "../../kit/rabbitmq.ts";
import { type SmallDisk, smallDisk } from "../../kit/small-disk.ts";
import { tempFolder } from "../../kit/temp-folder.ts";

/** Units write a few dozen megabytes in a run. */
const diskSize = "96m";

/** What the parts of a site stand on: a folder, disks, cables; and that all of it is taken away in the end. */
export class Ground {
  readonly closers = new Closers();
  readonly disks: Record<string, SmallDisk> = {};
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async open(): Promise<Ground> {
    const folder = await tempFolder();
    const ground = new Ground(folder.path);
    ground.keep(folder);
    // Units outlive whatever started them.
    ground.closers.add({ close: () => endMarkedProcesses(folder.path) });
    return ground;
  }

  /** Disposed of with the rest, before what was there earlier. */
  keep<T extends AsyncDisposable>(thing: T): T {
    this.closers.add({ close: async () => await thing[Symbol.asyncDispose]() });
    return thing;
  }

  /** Path of a disk for one program; a folder where nobody may mount one. */
  async disk(name: string): Promise<string> {
    const disk = await smallDisk(diskSize);
    if (disk) this.disks[name] = this.keep(disk);
    const path = disk?.path ?? join(this.root, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async cable(port: number): Promise<Cable> {
    return this.keep(await layCable(port));
  }

  /** A file with the broker's address as it is at the end of a cable of its own. */
  async wayToBroker({ port, url }: Rabbitmq, name: string): Promise<{ readonly cable: Cable; readonly file: string }> {
    const cable = await this.cable(port);
    const file = join(this.root, name);
    writeFileSync(file, url.replace(/:\d+$/, `:${cable.port}`), { mode: 0o600 });
    return { cable, file };
  }
}
