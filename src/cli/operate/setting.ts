/** `hookline setting …` and `hookline audit` */
import type { Command } from 'commander';

import { closest } from '../../config/value/closest.ts';
import { withQuery } from '../terminal/client.ts';
import {
  clientFor,
  defaultLimit,
  parseLimit,
  printDone,
  printList,
  printRow,
  sharedOptions,
} from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { parseInstant } from '../delivery/time.ts';

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
  addPlace(setting.command('show').description('show a setting, its range and why it holds'))
    .argument('<name>', 'such as webhook.delivery.tries')
    .action(async (name: string, options: Place, command: Command) => {
      const client = await clientFor(cli, command);
      const { items } = await client.get('/v1/settings', placeOf(options));
      const rows: readonly Row[] = Array.isArray(items) ? items : [];
      const row = rows.find(one => one['name'] === name);
      if (!row) throw unknownSetting(name, rows);
      printRow(cli, command, row);
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

function unknownSetting(name: string, rows: readonly Row[]): CommandError {
  const near = closest(
    name,
    rows.map(row => String(row['name'])),
  );
  const hint = near === undefined ? 'hookline setting list names them' : `did you mean ${near}?`;
  return new CommandError(`There is no setting ${name}; ${hint}.`.replace('?.', '?'), {
    outcome: 'missing',
    code: 'not_found',
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
    .description('what was changed, by whom')
    .command('list', { isDefault: true })
    .description('list changes, newest first')
    .option('--user <name>', 'only by this user')
    .option('--action <action>', 'only this, such as webhook.updated')
    .option('--object <id>', 'only to this')
    .option(
      '--from <instant>',
      'at or after, such as 2026-01-31T00:00:00Z, or so long ago: 24h',
      parseInstant,
    )
    .option('--to <instant>', 'before', parseInstant)
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
