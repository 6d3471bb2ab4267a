/**
 * The services a whole test run shares: each is started when the first test file asks for it, and stopped with the run.
 *
 * Test files run in processes of their own and ask by HTTP: `GET /rabbitmq` answers when RabbitMQ does.
 */
import { createServer, type ServerResponse } from 'node:http';

import { migrate } from '../../src/store/schema/migrate.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import type { PostgresEdition } from './postgres-programs.ts';
import { startRabbitmq } from './rabbitmq.ts';

/** `url` is that of the database `postgres`; `template` names a migrated database to copy. */
interface SharedPostgres {
  readonly url: string;
  readonly template: string;
}

/** What each service tells about itself. */
export interface SharedServices {
  readonly postgres: SharedPostgres;
  /** The distribution's; the other is the embedded one. */
  readonly distributionPostgres: SharedPostgres;
  readonly rabbitmq: { readonly url: string };
  readonly kafka: { readonly brokers: readonly string[] };
}

export interface SharedServicesServer extends AsyncDisposable {
  readonly url: string;
}

type Starters = {
  readonly [Name in keyof SharedServices]: (
    stack: AsyncDisposableStack,
  ) => Promise<SharedServices[Name]>;
};

const template = 'hookline_template';

const starters: Starters = {
  postgres: async stack => startSharedPostgres(stack, 'embedded'),
  distributionPostgres: async stack => startSharedPostgres(stack, 'distribution'),
  rabbitmq: async stack => ({ url: stack.use(await startRabbitmq()).url }),
  kafka: async stack => ({ brokers: stack.use(await startKafka()).brokers }),
};

async function startSharedPostgres(
  stack: AsyncDisposableStack,
  edition: PostgresEdition,
): Promise<SharedPostgres> {
  const settings = { max_connections: '500' };
  const postgres = stack.use(await startPostgres({ edition, settings }));
  await postgres.createDatabase(template);
  const store = await openStore(postgres.url(template));
  try {
    await migrate(store);
  } finally {
    await store.close();
  }
  return { url: postgres.url(), template };
}

export async function serveSharedServices(): Promise<SharedServicesServer> {
  const stack = new AsyncDisposableStack();
  const started = new Map<string, Promise<unknown>>();
  const start = async (name: keyof SharedServices): Promise<unknown> => {
    const already = started.get(name) ?? starters[name](stack);
    started.set(name, already);
    return already;
  };
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    if (!isName(name)) return void response.writeHead(404).end();
    return void answer(response, start(name));
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      // What is still starting would otherwise come up after the rest went down.
      await Promise.allSettled(started.values());
      await stack.disposeAsync();
    },
  };
}

function isName(name: string): name is keyof SharedServices {
  return Object.hasOwn(starters, name);
}

async function answer(response: ServerResponse, starting: Promise<unknown>): Promise<void> {
  try {
    const text = JSON.stringify(await starting);
    response.writeHead(200).end(text);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}
