/**
 * One connection to RabbitMQ, from handshake to goodbye.
 *
 * Source: amqplib 2.3.1, `lib/connect.js` and `lib/connection.js`. Its own recovery is not used: what must happen after
 * a reconnect (declare, bind, consume), and what an operator sees meanwhile, is for the source to say.
 */
import { Duplex } from 'node:stream';

import { connect, type Channel, type ChannelModel } from 'amqplib';

import { trustEachGiven } from '../../event/network/trust.ts';
import { delay, unlessAborted } from '../../event/wait.ts';
import { explain } from '../explain.ts';
import type { TlsOptions } from '../tls.ts';
import type { Log } from '../../event/log.ts';

export interface LinkOptions {
  readonly name: string;
  /** `amqp://user:password@host:port/vhost` or `amqps://…`; never logged. */
  readonly url: string;
  readonly tls?: TlsOptions;
  readonly log: Log;
}

export interface Link {
  openChannel(): Promise<Channel>;
  /**
   * Waits for `work`, a request to the broker. RabbitMQ lets one hang for a minute when a quorum queue has no leader,
   * and the source could not stop meanwhile.
   *
   * @returns the result of `work`.
   * @throws Error when the broker does not answer in time, the connection is lost, or the source is to stop.
   */
  answer<T>(work: Promise<T>): Promise<T>;
  /** Aborts when the connection has ended, whoever ended it; its reason is an Error. */
  readonly lost: AbortSignal;
  /** Says goodbye, and hangs up when the broker does not answer it. */
  close(): Promise<void>;
}

/**
 * Whether an error says no more than that the broker cannot be reached at the moment: it is down, starting, or has just
 * been stopped. Whoever is back first after its restart finds out what was published meanwhile.
 *
 * Source: Node's codes of system errors; AMQP's reply code 320; amqplib, `lib/connection.js`.
 */
export function isAway(error: unknown): boolean {
  return /ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|CONNECTION.FORCED|Unexpected close|Heartbeat timeout|Socket closed/.test(
    explain(error),
  );
}

const connectTimeoutMs = 10_000;
const answerTimeoutMs = 10_000;
const closeTimeoutMs = 5000;
/** Two missed beats end the connection, so a broker that vanished is noticed within half a minute. */
const heartbeatSeconds = 10;

/**
 * @returns undefined when `signal` aborted first.
 * @throws Error saying why there is no connection.
 */
export async function openLink(
  options: LinkOptions,
  signal: AbortSignal,
): Promise<Link | undefined> {
  const { log, name } = options;
  const hangUp = (dialing: Promise<ChannelModel>): void => {
    dialing
      .then(model => model.close())
      .catch((error: unknown) => log.debug({ source: name, err: error }, 'source.abandoned'));
  };
  const model = await unlessAborted(dial(options), signal, hangUp);
  return model === undefined ? undefined : createLink(model, options, signal);
}

async function dial({ name, url, tls }: LinkOptions): Promise<ChannelModel> {
  try {
    return await connect(withHeartbeat(url), {
      ...trustEachGiven,
      ...tls,
      noDelay: true,
      keepAlive: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: `hookline ${name}` },
    });
  } catch (error) {
    throw isVhostRefused(error) ? vhostRefused(url) : error;
  }
}

/** amqplib keeps the reason to itself that the broker gives when it opens no virtual host. Source: `lib/connection.js`. */
const isVhostRefused = (error: unknown): boolean =>
  explain(error).startsWith('Expected ConnectionOpenOk; got <ConnectionClose');

function vhostRefused(url: string): Error {
  const { pathname, username } = new URL(url);
  const vhost = decodeURIComponent(pathname.slice(1)) || '/';
  const user = decodeURIComponent(username) || 'guest';
  return new Error(
    `the broker refuses the virtual host '${vhost}' to user '${user}' (530): it does not exist, the user has no permissions in it, or its limit of connections is reached`,
  );
}

function withHeartbeat(url: string): string {
  const parts = new URL(url);
  if (!parts.searchParams.has('heartbeat')) {
    parts.searchParams.set('heartbeat', String(heartbeatSeconds));
  }
  return parts.href;
}

function createLink(model: ChannelModel, { log, name }: LinkOptions, signal: AbortSignal): Link {
  const lost = new AbortController();
  const lose = (cause?: Error): void => lost.abort(new Error('connection lost', { cause }));
  model.on('error', lose);
  model.on('close', lose);
  model.on('blocked', reason => log.warn({ source: name, reason }, 'source.blocked'));
  return {
    lost: lost.signal,
    openChannel: async () => {
      const channel = await model.createChannel();
      // The operation that failed rejects with the same error; without a listener, the event would end the process.
      channel.on('error', error => log.debug({ source: name, err: error }, 'source.channel_lost'));
      return channel;
    },
    async answer(work) {
      const deadline = AbortSignal.timeout(answerTimeoutMs);
      const until = AbortSignal.any([signal, lost.signal, deadline]);
      const answered = await unlessAborted(
        work.then(value => ({ value })),
        until,
        () => undefined,
      );
      if (answered !== undefined) return answered.value;
      if (lost.signal.aborted) throw lost.signal.reason;
      throw new Error(signal.aborted ? 'stopping' : 'the broker does not answer');
    },
    async close() {
      if (lost.signal.aborted) return;
      model
        .close()
        .catch((error: unknown) => log.debug({ source: name, err: error }, 'source.close_failed'));
      await delay(closeTimeoutMs, lost.signal);
      if (!lost.signal.aborted) destroySocket(model);
    },
  };
}

/** amqplib waits for the broker's goodbye for ever, and its types do not show the socket. */
function destroySocket({ connection }: ChannelModel): void {
  const stream: unknown = 'stream' in connection ? connection.stream : undefined;
  if (stream instanceof Duplex) stream.destroy();
}
