import { once } from 'node:events';
import type { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { createConnectors } from '../../src/dispatch/egress/connect.ts';
import { rootReach } from '../../src/dispatch/egress/egress-policy.ts';
import { createRoute } from '../../src/dispatch/egress/route.ts';
import { createTrust } from '../../src/dispatch/egress/trust.ts';
import type { SentAttempt } from '../../src/dispatch/request/attempt.ts';
import { createSender } from '../../src/dispatch/request/send.ts';
import { makeCertificate } from '../service/certificate.ts';
import {
  okAnswer,
  startClosingReceiver,
  type Act,
  type ClosingReceiver,
} from '../service/closing-receiver.ts';

const certificate = makeCertificate();

interface Client extends Disposable {
  send(timeoutMs?: number): Promise<SentAttempt>;
}

function clientOf({ origin }: ClosingReceiver, connectionsAreHeldMs = 0): Client {
  const open = createConnectors({
    guard: { requireOther() {}, resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
    trust: createTrust(),
  });
  const sender = createSender({
    responseBytesMax: 1_024,
    connector: (...given) => {
      const connect = open(...given);
      return async () => {
        const socket = await connect();
        if (connectionsAreHeldMs > 0)
          await new Promise(done => setTimeout(done, connectionsAreHeldMs));
        return socket;
      };
    },
  });
  const route = createRoute({ origin, sslVerification: false, reach: rootReach });
  return {
    send: async (timeoutMs = 3_000) =>
      new Promise(done => {
        const body = Buffer.from('{}');
        sender.send({ route, path: '/', headers: [], body, timeoutMs, conceal }, done);
      }),
    [Symbol.dispose]: () => sender.close(),
  };
}

const conceal = (text: string): string => text;
const isOk = { status: 200, responseBody: 'ok' };
const answer: Act = socket => void socket.write(okAnswer);
/** Answers the first request of each connection, and does `act` at the next one. */
const thenAt =
  (act: (socket: Socket) => void): Act =>
  (socket, number) =>
    number === 1 ? answer(socket, number) : act(socket);
const cut: Act = socket => void socket.destroy();
const begin = (socket: Socket): void => void socket.end('HTTP/1.1 2');
const breakOff = (socket: Socket): void => void socket.end(okAnswer.slice(0, -1));
const leaveOver = (socket: Socket): void => void socket.write(`and more${okAnswer}`);
const timeout408 = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

describe('a connection that was idle and ends without a byte of an answer', () => {
  const ways: [way: string, act: (socket: Socket) => void, isTls?: true][] = [
    ['FIN', socket => socket.end()],
    ['RST', socket => socket.resetAndDestroy()],
    ['close_notify', socket => socket.end(), true],
    ['FIN without close_notify', socket => socket.destroy(), true],
    ['408', socket => socket.end(timeout408)],
    ['408 that leaves it open', socket => socket.write(timeout408.replace('close', 'keep-alive'))],
    ['408 over TLS', socket => socket.end(timeout408), true],
  ];

  it.each(ways)(
    'by %s: the request is repeated at once, and the attempt is one',
    async (_, act, isTls) => {
      const tls = isTls && (await certificate);
      await using receiver = await startClosingReceiver(thenAt(act), { ...(tls && { tls }) });
      using client = clientOf(receiver);
      for (let count = 0; count < 4; count += 1) {
        const attempt = await client.send();
        expect(attempt).toMatchObject(isOk);
        expect(attempt.error).toBeUndefined();
      }
      expect(receiver.connections()).toBe(4);
      expect(receiver.requests()).toBe(7);
    },
  );

  it('or says what is no HTTP, as the rest of the answer before may be: the request is repeated', async () => {
    await using receiver = await startClosingReceiver(thenAt(leaveOver));
    using client = clientOf(receiver);
    for (let count = 0; count < 3; count += 1) expect(await client.send()).toMatchObject(isOk);
    await using other = await startClosingReceiver(leaveOver);
    using otherClient = clientOf(other);
    expect((await otherClient.send()).errorCode).toBe('not_http');
    expect(other.requests()).toBe(1);
  });

  it('before the request: a new connection is opened for it', async () => {
    const closed: Promise<unknown>[] = [];
    await using receiver = await startClosingReceiver(socket => {
      closed.push(once(socket, 'close'));
      socket.end(okAnswer);
    });
    using client = clientOf(receiver);
    for (let count = 0; count < 3; count += 1) {
      expect(await client.send()).toMatchObject(isOk);
      await closed.at(-1);
    }
    expect(receiver.requests()).toBe(3);
  });

  it('by FIN that is read only when the request is written, or EPIPE', async () => {
    await using receiver = await startClosingReceiver((socket, number) => {
      socket.write(okAnswer);
      if (number === 1) setTimeout(() => socket.destroy(), 20);
    });
    using client = clientOf(receiver);
    await client.send();
    // The end of the connection waits in the kernel while nothing else runs here.
    const until = performance.now() + 100;
    while (performance.now() < until);
    expect(await client.send()).toMatchObject(isOk);
  });
});

describe('a request is sent once alone', () => {
  it.each<[situation: string, act: Act, answered: number, as: RegExp]>([
    ['when a new connection ends without an answer', cut, 0, /connection_cut|ECONNRESET/],
    ['when a new connection answers 408', socket => void socket.end(timeout408), 0, /408/],
    ['when the answer has begun', thenAt(begin), 1, /connection_cut/],
    ['when the answer was not complete', thenAt(breakOff), 1, /200 connection_cut/],
  ])('%s', async (_, act, answered, as) => {
    await using receiver = await startClosingReceiver(act);
    using client = clientOf(receiver);
    for (let count = 0; count < answered; count += 1) await client.send();
    const { status = '', errorCode = '' } = await client.send();
    expect(`${status} ${errorCode}`).toMatch(as);
    expect(receiver.requests()).toBe(answered + 1);
  });

  it('more, when the repeat ends as the first did', async () => {
    let isUp = true;
    await using receiver = await startClosingReceiver(socket => {
      if (isUp) socket.write(okAnswer);
      else socket.destroy();
    });
    using client = clientOf(receiver);
    await client.send();
    isUp = false;
    expect((await client.send()).errorCode).toMatch(/connection_cut|ECONNRESET/);
    expect(receiver.requests()).toBe(3);
  });
});

describe('the connections of a route', () => {
  it('are as many as requests at a time, and the one that answered is the next', async () => {
    await using receiver = await startClosingReceiver(answer);
    using client = clientOf(receiver);
    for (const atOnce of [1, 1, 3, 3, 2, 1]) {
      await Promise.all(Array.from({ length: atOnce }, () => client.send()));
    }
    expect(receiver.connections()).toBe(3);
    expect(receiver.requests()).toBe(11);
  });

  it('are one where each request is sent as soon as the last was answered', async () => {
    await using receiver = await startClosingReceiver(answer);
    using client = clientOf(receiver);
    for (let count = 0; count < 40; count += 1) await client.send();
    expect(receiver.connections()).toBe(1);
  });

  it('are not left by a request that was cut short for being late', async () => {
    await using receiver = await startClosingReceiver((socket, number) => {
      if (number === 1) socket.write(okAnswer);
    });
    using client = clientOf(receiver);
    await client.send();
    expect(await client.send(100)).toMatchObject({ errorCode: 'timeout', status: undefined });
    expect(await client.send()).toMatchObject(isOk);
    expect(receiver.connections()).toBe(2);
  });

  it('serve the next request when the one that they were opened for has given up', async () => {
    await using receiver = await startClosingReceiver(answer);
    using client = clientOf(receiver, 300);
    expect(await client.send(50)).toMatchObject({ errorCode: 'timeout' });
    expect(await client.send(50)).toMatchObject({ errorCode: 'timeout' });
    expect(await client.send()).toMatchObject(isOk);
    expect(receiver.connections()).toBe(1);
  });

  it('are given up where the receiver says something that nobody asked for', async () => {
    await using receiver = await startClosingReceiver(socket => {
      socket.write(okAnswer);
      setTimeout(() => socket.write('HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n'), 20);
    });
    using client = clientOf(receiver);
    for (let count = 0; count < 3; count += 1) {
      expect(await client.send()).toMatchObject(isOk);
      await new Promise(done => setTimeout(done, 60));
    }
    expect(receiver.connections()).toBe(3);
  });
});
