/** `hookline domain …` and `hookline account …`: who is whose in the cloud. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Option } from 'commander';
import type { Command } from 'commander';

import { clientFor, defaultLimit, parseLimit, printDone, printList, printRow } from '../context.ts';
import type { Cli } from '../context.ts';
import { parseCsv } from './csv.ts';
import { CommandError } from '../terminal/failure.ts';

interface Kind {
  readonly name: 'domain' | 'account';
  readonly path: string;
  readonly fields: readonly string[];
  readonly about: string;
  /** Where what the table of a list shows differs from what a file holds. */
  readonly shown: readonly string[];
}

const domains: Kind = {
  name: 'domain',
  path: '/v1/domains',
  fields: ['id', 'name', 'parentId'],
  about: "the cloud's tree of domains",
  shown: ['id', 'name', 'parentId', 'path', 'origin', 'removedAt'],
};

const accounts: Kind = {
  name: 'account',
  path: '/v1/accounts',
  fields: ['id', 'name', 'domainId', 'kind'],
  about: "the cloud's accounts and projects, who own resources and webhooks",
  shown: ['id', 'name', 'domainId', 'kind', 'origin', 'removedAt'],
};

/** What lists say and an import is not told: a list that was kept can be imported as it is. */
const derived = ['path', 'origin', 'alias', 'removedAt'];

/** What one request of an import may hold. */
const importMax = 5_000;

export function addDirectoryCommands(program: Command, cli: Cli): void {
  const domain = program.command('domain').description(domains.about);
  addList(domain, cli, domains).option('--parent-id <id>', 'only those right below this one');
  addShow(domain, cli, domains);
  domain
    .command('create')
    .description('make a domain')
    .requiredOption('--name <name>', 'as the cloud calls it')
    .option('--id <id>', "the cloud's id; a new one when absent")
    .option('--parent-id <id>', 'the domain it hangs under; the root when absent')
    .action(async (options: object, command: Command) => create(cli, command, domains, options));
  addImport(domain, cli, domains);

  const account = program.command('account').description(accounts.about);
  addList(account, cli, accounts).option('--domain-id <id>', 'only those of this domain');
  addShow(account, cli, accounts);
  account
    .command('create')
    .description('make an account')
    .requiredOption('--name <name>', 'as the cloud calls it')
    .requiredOption('--domain-id <id>', 'the domain it lies in')
    .option('--id <id>', "the cloud's id; a new one when absent")
    .addOption(
      new Option('--kind <kind>', 'whose resources it owns')
        .choices(['user', 'project'])
        .default('user'),
    )
    .action(async (options: object, command: Command) => create(cli, command, accounts, options));
  addImport(account, cli, accounts);
}

function addShow(parent: Command, cli: Cli, kind: Kind): void {
  parent
    .command('show')
    .description(`show ${kind.name === 'account' ? 'an account' : 'a domain'}`)
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.get(`${kind.path}/${encodeURIComponent(id)}`));
    });
}

async function create(cli: Cli, command: Command, kind: Kind, options: object): Promise<void> {
  const client = await clientFor(cli, command);
  printRow(cli, command, await client.send('POST', kind.path, options));
}

function addList(parent: Command, cli: Cli, kind: Kind): Command {
  return parent
    .command('list')
    .description(`list ${kind.name}s`)
    .option('--name <name>', 'only those of exactly this name')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit, ...query }: { limit: number }, command: Command) => {
      const columns = kind.shown.map(field => ({ field }));
      await printList(cli, command, { path: kind.path, query, limit, columns });
    });
}

function addImport(parent: Command, cli: Cli, kind: Kind): void {
  parent
    .command('import')
    .description(`make and change ${kind.name}s as a file says: ${kind.fields.join(', ')}`)
    .argument(
      '<file>',
      'CSV with a line of names, or a JSON array; - is CSV or JSON on standard input',
    )
    .action(async (file: string, _: object, command: Command) => {
      const items = await readItems(cli, kind, file);
      const client = await clientFor(cli, command);
      const total = { created: 0, updated: 0, unchanged: 0 };
      for (let start = 0; start < items.length; start += importMax) {
        const done = await client.send('POST', `${kind.path}/import`, {
          items: items.slice(start, start + importMax),
        });
        total.created += Number(done['created']);
        total.updated += Number(done['updated']);
        total.unchanged += Number(done['unchanged']);
      }
      const { created, updated, unchanged } = total;
      printDone(
        cli,
        command,
        `${created} made, ${updated} changed, ${unchanged} as they were`,
        total,
      );
    });
}

async function readItems(
  { io, environment }: Cli,
  kind: Kind,
  file: string,
): Promise<readonly object[]> {
  const text =
    file === '-' ? await io.readInput() : await readNamed(resolve(environment.cwd, file));
  const parsed = /^\s*\[/.test(text) ? parseJson(text, file) : parseCsv(text);
  const items = parsed.map(item =>
    Object.fromEntries(Object.entries(item).filter(([name]) => !derived.includes(name))),
  );
  const unknown = new Set(
    items.flatMap(item => Object.keys(item)).filter(name => !kind.fields.includes(name)),
  );
  if (unknown.size > 0) {
    throw new CommandError(
      `${file}: ${[...unknown].join(', ')} is not known; expected ${kind.fields.join(', ')}`,
    );
  }
  if (items.length === 0) throw new CommandError(`${file}: nothing to import`);
  return items;
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError(`${path} cannot be read`, { cause });
  }
}

function parseJson(text: string, file: string): readonly object[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every(item => typeof item === 'object' && item !== null))
      return parsed;
  } catch (cause) {
    throw new CommandError(`${file}: ${cause instanceof Error ? cause.message : 'not JSON'}`, {
      cause,
    });
  }
  throw new CommandError(`${file}: expected a JSON array of objects`);
}
