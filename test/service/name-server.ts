/** A real name server on loopback, over UDP: it knows some names, denies others, and never answers about the rest. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** The names that were asked for, one entry for each question. */
  readonly asked: readonly string[];
}

export interface NameServerOptions {
  /** IPv4 addresses by name. */
  readonly known?: Readonly<Record<string, string>>;
  /** Names that end so are never answered. */
  readonly mute?: string;
}

const typeA = 1;
const noSuchName = 3;

export async function startNameServer({
  known = {},
  mute = '.mute.test',
}: NameServerOptions = {}): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (question, from) => {
    const { name, type, end } = readQuestion(question);
    asked.push(name);
    if (name.endsWith(mute)) return;
    const address = known[name];
    const record = address !== undefined && type === typeA ? addressRecord(address) : undefined;
    const answer = Buffer.concat([
      header(question, record ? 1 : 0, address === undefined ? noSuchName : 0),
      question.subarray(12, end),
      ...(record ? [record] : []),
    ]);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** RFC 1035, 4.1.2. */
function readQuestion(message: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** A response with recursion available; RFC 1035, 4.1.1. */
function header(question: Buffer, answers: number, code: number): Buffer {
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers, 6);
  return head;
}

/** An A record of the name in the question, for a minute. */
function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(typeA, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(4, 10);
  record.set(address.split('.').map(Number), 12);
  return record;
}
