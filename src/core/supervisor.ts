import { libc } from "./libc.ts";

/** What systemd is told (sd_notify(3)). */
export interface SupervisorNews {
  /** The program can be used from now on. */
  readonly ready?: boolean;
  readonly stopping?: boolean;
  /** One line for `systemctl status`. */
  readonly status?: string;
}

const afUnix = 1;
const sockDgram = 2;
const closeOnExec = 0x8_0000;

/**
 * Tell the supervisor that started us; gives whether it was told. Without one (`NOTIFY_SOCKET`) nothing happens.
 *
 * Node knows no Unix datagrams. `systemd-notify` would be a process of its own, which systemd believes only with
 * `NotifyAccess=all`, and then it believes units too: so it is the C library.
 */
export function notifySupervisor(news: SupervisorNews, env: Readonly<Record<string, string | undefined>>): boolean {
  const path = env["NOTIFY_SOCKET"];
  if (!path || !/^[/@]/.test(path)) return false;
  const address = socketAddress(path);
  const message = Buffer.from(textOf(news));
  const fd = libc("int socket(int domain, int type, int protocol)")(afUnix, sockDgram | closeOnExec, 0) as number;
  if (fd < 0) return false;
  try {
    const send = libc("int64 sendto(int fd, const void *data, size_t size, int flags, const void *to, uint32 length)");
    return Number(send(fd, message, message.length, 0, address, address.length)) === message.length;
  } finally {
    libc("int close(int fd)")(fd);
  }
}

function textOf({ ready, stopping, status }: SupervisorNews): string {
  const oneLine = status?.replaceAll(/[\r\n]+/g, " ");
  return [
    ...(ready ? ["READY=1"] : []),
    ...(stopping ? ["STOPPING=1"] : []),
    ...(oneLine === undefined ? [] : [`STATUS=${oneLine}`]),
  ].join("\n");
}

/** `struct sockaddr_un`; a leading `@` stands for the zero byte of a name in no folder. */
function socketAddress(path: string): Buffer {
  const name = path.startsWith("@") ? Buffer.from(`\0${path.slice(1)}`) : Buffer.from(`${path}\0`);
  const address = Buffer.alloc(2 + name.length);
  // In the order of this machine's bytes.
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = afUnix;
  name.copy(address, 2);
  return address;
}
