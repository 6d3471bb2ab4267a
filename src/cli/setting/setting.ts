/** `hookline setting …` */
import { closest } from '../../config/value/closest.ts';
import {
  type CommandDefinition,
  defineCommand,
  type OptionDefinitions,
} from '../command/definition.ts';
import { printRow } from '../command/print.ts';
import { openClient } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';

/** Level that a setting is read or set for; the whole installation when both are absent. */
const level = {
  domainId: '--domain <id>  for this domain and its subdomains',
  webhookId: '--webhook <id>  for this webhook',
} as const satisfies OptionDefinitions;

const name = { about: 'such as webhook.delivery.tries' };

/** The API has no path for a single one. */
const showSetting = defineCommand({
  words: 'setting show <name>',
  about: 'show a setting, its range and where its value comes from',
  arguments: { name },
  options: level,
  run: async (context, { name: wanted, ...query }) => {
    const client = await openClient(context);
    const { rows } = await client.list<Row & { name: string }>('/v1/settings', query);
    const setting = rows.find(row => row.name === wanted);
    const names = rows.map(row => row.name);
    if (!setting) throw unknownSetting(wanted, names);
    printRow(context, setting);
  },
});

function unknownSetting(wanted: string, names: readonly string[]): CommandError {
  const near = closest(wanted, names);
  const hint = near === undefined ? 'hookline setting list names them.' : `did you mean ${near}?`;
  return new CommandError(`There is no setting ${wanted}; ${hint}`, {
    outcome: 'missing',
    code: 'not_found',
  });
}

export const settingCommands: readonly CommandDefinition[] = [
  {
    words: 'setting',
    about:
      'delivery settings of the installation, of a domain with its subdomains, or of a webhook',
  },
  {
    words: 'setting list',
    about: 'list settings with the value that applies, and where it is set',
    request: 'GET /v1/settings',
    options: level,
    columns: 'name value origin originId default',
  },
  showSetting,
  {
    words: 'setting set <name> <value>',
    about: 'set a value; it applies within a second',
    request: 'PUT /v1/settings',
    arguments: { name },
    options: level,
  },
  {
    words: 'setting unset <name>',
    about: 'unset a value, so that the value of the next level up applies',
    request: 'DELETE /v1/settings',
    options: level,
    done: '{name} unset',
  },
];
