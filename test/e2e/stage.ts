/** What most of these tests play on: a database, an exchange and an owner of webhooks that nobody else has. */
import type { CloudMessage } from '../demo/cloudstack-message.ts';
import { createDice, type Dice } from '../demo/dice.ts';
import { publishToRabbitmq } from '../demo/publish.ts';
import {
  createTestDatabase,
  sharedService,
  type TestDatabase,
  uniqueName,
} from '../service/shared.ts';
import { eventNumber } from './crash-tenants.ts';
import { insertWebhook, query, type WebhookRow } from './database.ts';
import { type Environment, type HooklineProcess, spawnHookline } from './hookline.ts';

export interface Stage extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly dice: Dice;
  /** Of a Hookline that plays here. */
  readonly environment: Environment;
  spawn(more?: Environment, args?: readonly string[]): HooklineProcess;
  /** Ready: what is published from now on is on its way to it. */
  start(more?: Environment): Promise<HooklineProcess>;
  /** A Global webhook of the owner's; gives its id. */
  addWebhook(row: Pick<WebhookRow, 'payloadUrl'> & Partial<WebhookRow>): Promise<string>;
  publish(messages: readonly CloudMessage[]): Promise<void>;
  /** That many events of which no two are alike. */
  publishEvents(size: number): Promise<void>;
}

export const owner = { accountId: 'owner', domainId: 'root' };

/** @param given a database with all tables and no rows; one of its own when absent. */
export async function openStage(given?: Pick<TestDatabase, 'url'>): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const database = given ?? stack.use(await createTestDatabase());
  const { url } = await sharedService('rabbitmq');
  const exchange = uniqueName('exchange');
  const publisher = stack.use(await publishToRabbitmq(url, exchange));
  const environment = {
    HOOKLINE_DATABASE_URL: database.url,
    HOOKLINE_AMQP_URL: url,
    HOOKLINE_AMQP_EXCHANGE: exchange,
    HOOKLINE_AMQP_QUEUE: uniqueName('queue'),
  };
  await query(database.url, `insert into domain (id, name) values ('root', 'ROOT')`);
  await query(
    database.url,
    `insert into account (id, name, domain_id) values ('owner', 'owner', 'root')`,
  );
  const dice = createDice(1);
  const spawn: Stage['spawn'] = (more, args) => spawnHookline({ ...environment, ...more }, args);
  let published = 0;
  const owned = stack.move();
  return {
    databaseUrl: database.url,
    dice,
    environment,
    spawn,
    start: async more => {
      const hookline = spawn(more);
      await hookline.untilReady();
      return hookline;
    },
    addWebhook: async row =>
      insertWebhook(database.url, { name: row.payloadUrl, scope: 'Global', ...owner, ...row }),
    publish: async messages => publisher.publish(messages),
    publishEvents: async size => {
      const first = published;
      published += size;
      const events = Array.from({ length: size }, (_, index) => eventNumber(first + index, dice));
      await publisher.publish(events);
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
