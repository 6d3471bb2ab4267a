/** `hookline setting …` and `hookline audit` */
import type { Command } from 'commander';

import { withQuery } from './client.ts';
import {
  clientFor,
  defaultLimit,
  parseLimit,
  printDone,
  printList,
  printRow,
  sharedOptions,
} from './context.ts';
import type { Cli } from './context.ts';
import { showTable } from './show.ts';
import type { Row } from './show.ts';

interface Place {
  readonly domain?: string;
  readonly webhook?: string;
}

const columns = ['name', 'value', 'origin', 'originId', 'default'].map(field => ({ field }));

export function addSettingCommands(program: Command, cli: Cli): void {
  const setting = program
    .command('setting')
    .description('what deliveries go by: for everything, a domain and all below it, or a webhook');
  addPlace(
    setting.command('list').description('list settings with the value that holds, and why'),
  ).action(async (options: Place, command: Command) => {
    const client = await clientFor(cli, command);
    const { items } = await client.get('/v1/settings', placeOf(options));
    const rows: Row[] = Array.isArray(items) ? items : [];
    const isJson = sharedOptions(command).json === true;
    cli.io.out(isJson ? JSON.stringify(rows, null, 2) : showTable(rows, columns, cli.io.columns));
  });
  addPlace(setting.command('set').description('set a value; it holds within a second'))
    .argument('<name>', 'such as webhook.delivery.tries')
    .argument('<value>')
    .action(async (name: string, value: string, options: Place, command: Command) => {
      const client = await clientFor(cli, command);
      const body = { ...placeOf(options), name, value };
      printRow(cli, command, await client.send('PUT', '/v1/settings', body));
    });
  addPlace(
    setting.command('unset').description('take a value back: the next one up the tree holds'),
  )
    .argument('<name>')
    .action(async (name: string, options: Place, command: Command) => {
      const client = await clientFor(cli, command);
      await client.send('DELETE', withQuery('/v1/settings', { ...placeOf(options), name }));
      printDone(cli, command, `${name} unset`, { name });
    });
}

const addPlace = (command: Command): Command =>
  command
    .option('--domain <id>', 'for this domain and all below it')
    .option('--webhook <id>', 'for this webhook');

const placeOf = ({ domain: domainId, webhook: webhookId }: Place) => ({ domainId, webhookId });

const auditColumns = ['at', 'username', 'action', 'objectId', 'address', 'changed'].map(field => ({
  field,
}));

export function addAuditCommand(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('what was changed, by whom, newest first')
    .option('--user <name>', 'only by this user')
    .option('--action <action>', 'only this, such as webhook.updated')
    .option('--object <id>', 'only to this')
    .option('--from <instant>', 'at or after, such as 2026-01-31T00:00:00Z')
    .option('--to <instant>', 'before')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async (options: Record<string, string> & { limit: number }, command: Command) => {
      const { user: username, object: objectId, limit, ...rest } = options;
      const query = { ...rest, username, objectId };
      await printList(cli, command, {
        path: '/v1/audit',
        query,
        limit,
        columns: auditColumns,
        digest: row => ({ ...row, changed: changedFields(row).toSorted().join(', ') }),
      });
    });
}

/** Names of the fields that are not as they were. */
function changedFields({ before, after }: Row): readonly string[] {
  if (!isObject(before) || !isObject(after)) return [];
  return Object.keys(after).filter(
    name => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
