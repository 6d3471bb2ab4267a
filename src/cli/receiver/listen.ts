/** `hookline listen`: a receiver for trying things out. It prints what it gets and checks the signatures. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';

import type { Command } from 'commander';

import { parseWhole, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { showFacts } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { checkSignatures } from './verify.ts';

interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly secret?: string;
  readonly status: number;
}

const bodyBytesMax = 16 * 1024 * 1024;

export function addListenCommand(program: Command, cli: Cli): void {
  program
    .command('listen')
    .description(
      'receive deliveries here, print them and verify their signatures; ends with Ctrl-C',
    )
    .option('--port <n>', 'port to listen on; 0 takes any free one', parseWhole, 9000)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--secret <text>', "the webhook's secret")
    .option('--status <n>', 'answer with this status, to see what a failure does', parseWhole, 200)
    .action(async (options: ListenOptions, command: Command) => listen(cli, command, options));
}

/** Resolves when told to end by SIGINT or SIGTERM. */
async function listen({ io }: Cli, command: Command, options: ListenOptions): Promise<void> {
  // Before it says that it listens: whoever reads that may tell it to end.
  const told = io.interruption();
  const json = sharedOptions(command).json === true;
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
  if (!told.aborted) await once(told, 'abort');
  server.closeAllConnections();
  server.close();
}

/** Answers a request and prints what it was, unless its body was cut off or too large. */
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
