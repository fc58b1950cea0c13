import { type ConnType, connType } from "../wire.ts";
import { type ExactJson, parseExactJson, writeExactJson } from "./exact-json.ts";
import { type GoTime, parseGoTime, zeroTimeText } from "./go-time.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { invalidPacket, messageType } from "./message-types.ts";
import { serviceNameBytes } from "./service-name.ts";

/** A work type that a control service offers. */
export interface WorkCommand {
  readonly workType: string;
  /** Work must be signed. */
  readonly secure: boolean;
}

/**
 * A node says that it has a service, or has it no more (spec §3.9). Whoever takes one passes on the bytes as they came;
 * this is only for reading them.
 */
export interface Advertisement {
  readonly nodeId: string;
  readonly service: string;
  /** The newest of (nodeId, service) counts. */
  readonly time: GoTime;
  readonly connType: ConnType;
  readonly tags: ReadonlyMap<string, string> | null;
  readonly workCommands: readonly WorkCommand[] | null;
  /** The service is gone. */
  readonly cancel: boolean;
}

const maxAdvertisementBytes = 256 * 1024;
const maxTags = 256;
const maxTagBytes = 4096;
const maxWorkCommands = 2048;

const fields = fieldNames("NodeID", "Service", "Time", "ConnType", "Tags", "WorkCommands", "Cancel");
const workFields = fieldNames("WorkType", "Secure");

/**
 * A message of type 2, its type byte included. Up to 256 KiB, 256 tags of 4 KiB and 2,048 work commands.
 *
 * @throws {MeshError} `PACKET_INVALID`.
 */
export function decodeAdvertisement(message: Uint8Array): Advertisement {
  if (message[0] !== messageType.advertisement) throw invalidPacket("the message is no service advertisement");
  const read = new JsonFields(parseExactJson(message.subarray(1), maxAdvertisementBytes), fields);
  return {
    nodeId: read.nodeId("NodeID"),
    service: read.text("Service", serviceNameBytes),
    time: timeOf(read.text("Time")),
    connType: connTypeOf(read.any("ConnType") ?? 0),
    tags: tagsOf(read.object("Tags")),
    workCommands: workCommandsOf(read.list("WorkCommands")),
    cancel: read.flag("Cancel"),
  };
}

/** The bytes of an advertisement, its type byte included. */
export function encodeAdvertisement(advertisement: Advertisement): Uint8Array {
  const json = writeExactJson({
    NodeID: advertisement.nodeId,
    Service: advertisement.service,
    Time: advertisement.time.text,
    ConnType: advertisement.connType,
    Tags: advertisement.tags,
    WorkCommands:
      advertisement.workCommands?.map(({ workType, secure }) => ({ WorkType: workType, Secure: secure })) ?? null,
    Cancel: advertisement.cancel,
  });
  return Buffer.from(String.fromCharCode(messageType.advertisement) + json);
}

function timeOf(text: string): GoTime {
  const time = parseGoTime(text === "" ? zeroTimeText : text);
  if (!time) throw invalidPacket("Time is no time");
  return time;
}

function connTypeOf(value: ExactJson): ConnType {
  const known = Object.values(connType).find((each) => each === value);
  if (known === undefined) throw invalidPacket("ConnType is none of 0, 1, 2");
  return known;
}

function tagsOf(object: ReadonlyMap<string, ExactJson> | undefined): ReadonlyMap<string, string> | null {
  if (!object) return null;
  if (object.size > maxTags) throw invalidPacket(`more than ${maxTags} tags`);
  return new Map([...object].map(([key, value]) => [tagText(key), tagText(value ?? "")]));
}

function tagText(value: ExactJson): string {
  if (typeof value !== "string" || Buffer.byteLength(value) > maxTagBytes) throw invalidPacket("a tag is not valid");
  return value;
}

function workCommandsOf(list: readonly ExactJson[] | undefined): readonly WorkCommand[] | null {
  if (!list) return null;
  if (list.length > maxWorkCommands) throw invalidPacket(`more than ${maxWorkCommands} work commands`);
  return list.map((element) => {
    const read = new JsonFields(element, workFields);
    return { workType: read.text("WorkType"), secure: read.flag("Secure") };
  });
}
