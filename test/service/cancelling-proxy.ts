/**
 * Stands between Hookline and a real RabbitMQ and cancels a consumer as RabbitMQ 4.3 does when messages are held for longer
 * than its consumer_timeout, which no older version does: it sends basic.cancel, keeps the channel, and delivers to the
 * cancelled consumer once more.
 *
 * Source: AMQP 0-9-1, sections 2.3.5 "Frame Details" and 1.8 "basic"; observed with RabbitMQ 4.3.6.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CancellingProxy extends AsyncDisposable {
  /** The broker's URL by way of the proxy. */
  readonly url: string;
  /** Number of consumers that were started by way of it. */
  readonly consumers: number;
  /** Cancels the consumer that was started last, and delivers an empty message to it right after. */
  cancel(): void;
}

interface Consumer {
  readonly client: Socket;
  readonly channel: number;
  readonly tag: Buffer;
}

const frame = { method: 1, header: 2, end: 0xce, headBytes: 7 };
const basic = { class: 60, consumeOk: 21, cancel: 30, deliver: 60 };

export async function startCancellingProxy(brokerUrl: string): Promise<CancellingProxy> {
  const target = new URL(brokerUrl);
  const consumers: Consumer[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    // Either side's end is the other's, below; how it came about does not matter.
    socket.on('error', () => socket.destroy());
    return socket;
  };
  const server = createServer(incoming => {
    const client = track(incoming);
    const upstream = track(connect(Number(target.port), target.hostname));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream);
    let rest = Buffer.alloc(0);
    upstream.on('data', data => {
      // Only whole frames pass, so that others fit in between.
      rest = Buffer.concat([rest, data]);
      for (let next = takeFrame(rest); next !== undefined; next = takeFrame(rest)) {
        rest = rest.subarray(next.length);
        client.write(next);
        const tag = readConsumeOk(next);
        if (tag) consumers.push({ client, channel: next.readUInt16BE(1), tag });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  const url = new URL(brokerUrl);
  url.port = String(port);
  return {
    url: url.href,
    get consumers() {
      return consumers.length;
    },
    cancel() {
      const last = consumers.at(-1);
      if (!last) throw new RangeError('nobody consumes');
      last.client.write(cancellation(last));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function takeFrame(bytes: Buffer): Buffer | undefined {
  if (bytes.length < frame.headBytes) return undefined;
  const length = frame.headBytes + bytes.readUInt32BE(3) + 1;
  return bytes.length < length ? undefined : bytes.subarray(0, length);
}

/** @returns the consumer's tag, with its length before it; undefined for any other frame. */
function readConsumeOk(bytes: Buffer): Buffer | undefined {
  const isMethod = bytes[0] === frame.method && bytes.length > frame.headBytes + 4;
  if (!isMethod || bytes.readUInt16BE(7) !== basic.class) return undefined;
  if (bytes.readUInt16BE(9) !== basic.consumeOk) return undefined;
  return Buffer.from(bytes.subarray(11, -1));
}

function cancellation({ channel, tag }: Consumer): Buffer {
  const noWait = Buffer.from([1]);
  const deliveryTag = Buffer.from([0, 0, 0, 0, 0, 0, 0, 99]);
  const redelivered = Buffer.from([1]);
  const noExchangeNorKey = Buffer.from([0, 0]);
  const head = Buffer.alloc(14);
  head.writeUInt16BE(basic.class);
  return Buffer.concat([
    frameOf(frame.method, channel, [method(basic.cancel), tag, noWait]),
    frameOf(frame.method, channel, [
      method(basic.deliver),
      tag,
      deliveryTag,
      redelivered,
      noExchangeNorKey,
    ]),
    frameOf(frame.header, channel, [head]),
  ]);
}

function method(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(basic.class);
  bytes.writeUInt16BE(id, 2);
  return bytes;
}

function frameOf(type: number, channel: number, parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  const head = Buffer.alloc(frame.headBytes);
  head[0] = type;
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([frame.end])]);
}
