/** `hookline listen`: a receiver for trying webhooks out, which prints deliveries and checks their signatures. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';

import { defineCommand } from '../command/definition.ts';
import { parseWhole } from '../command/value.ts';
import { type CommandContext, isJson } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { showFacts } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { checkSignatures } from './verify.ts';

interface ListenOptions {
  readonly port: number;
  readonly host: string;
  /** Secret of the webhook; signatures are not checked without it. */
  readonly secret?: string;
  /** HTTP status of every answer. */
  readonly status: number;
}

const bodyBytesMax = 16 * 1024 * 1024;

export const listenCommand = defineCommand({
  words: 'listen',
  about: 'receive deliveries, print them and verify their signatures until Ctrl-C',
  options: {
    port: {
      usage: '--port <n>  port to listen on; 0 takes any free one',
      parse: parseWhole,
      default: 9000,
    },
    host: { usage: '--host <address>  address to listen on', default: '127.0.0.1' },
    secret: '--secret <text>  secret of the webhook',
    status: {
      usage: '--status <n>  status to answer with, to see how failures are handled',
      parse: parseWhole,
      default: 200,
    },
  },
  run: listen,
});

/** Resolves at SIGINT or SIGTERM. */
async function listen(context: CommandContext, options: ListenOptions): Promise<void> {
  const { io } = context;
  // Before the line that says it listens, for whoever reads that line may send the signal.
  const stop = io.interruption();
  const json = isJson(context);
  const print = (received: Row): void =>
    io.out(json ? JSON.stringify(received) : `${showFacts(received)}\n`);
  const server = createServer((request, response) => {
    void receive(request, response, options, print);
  });
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(
      `Cannot listen on port ${options.port}: ${reason}. Choose another by --port.`,
      { cause },
    );
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  io.err(`Listening on http://${options.host}:${port}/ for deliveries. Ctrl-C ends.`);
  if (!stop.aborted) await once(stop, 'abort');
  server.closeAllConnections();
  server.close();
}

/** Answers a request and prints it, unless its body was cut off or too large. */
async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  { secret, status }: ListenOptions,
  print: (received: Row) => void,
): Promise<void> {
  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  response.writeHead(status).end();
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
  const checks = secret === undefined ? [] : checkSignatures({ headers, body }, secret, Date.now());
  print({
    receivedAt: new Date().toISOString(),
    request: `${request.method} ${request.url}`,
    event: headers['x-cs-event'],
    eventId: headers['webhook-id'] ?? headers['x-cs-event-id'],
    ...Object.fromEntries(checks.map(({ header, verdict }) => [header, verdict])),
    headers,
    body: body.toString('utf8'),
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw new CommandError('the body is too large');
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}
