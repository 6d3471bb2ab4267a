/** `hookline domain …`, `account …` and `directory …`: the cloud's domains and accounts, and how they are kept in step. */
import type { CommandDefinition } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import { accountFields, domainFields, importCommand } from './import-file.ts';

const name = '--name <name>  only of exactly this name';
const newName = { usage: '--name <name>  name in the cloud', isRequired: true } as const;
const id = '--id <id>  id in the cloud; generated when absent';

export const domainCommands: readonly CommandDefinition[] = [
  { words: 'domain', about: "the cloud's tree of domains" },
  {
    words: 'domain list',
    about: 'list domains',
    request: 'GET /v1/domains',
    options: {
      name,
      limit,
      parentId: '--parent-id <id>  only children of this domain',
    },
    columns: 'id name parentId path origin removedAt',
  },
  { words: 'domain show <id>', about: 'show a domain', request: 'GET /v1/domains/{id}' },
  {
    words: 'domain create',
    about: 'create a domain',
    request: 'POST /v1/domains',
    options: {
      name: newName,
      id,
      parentId: '--parent-id <id>  parent domain; the root when absent',
    },
  },
  importCommand({ noun: 'domain', path: '/v1/domains/import', fields: domainFields }),
];

export const accountCommands: readonly CommandDefinition[] = [
  {
    words: 'account',
    about: "the cloud's accounts and projects, which own resources and webhooks",
  },
  {
    words: 'account list',
    about: 'list accounts',
    request: 'GET /v1/accounts',
    options: {
      name,
      limit,
      domainId: '--domain-id <id>  only of this domain',
    },
    columns: 'id name domainId kind origin removedAt',
  },
  { words: 'account show <id>', about: 'show an account', request: 'GET /v1/accounts/{id}' },
  {
    words: 'account create',
    about: 'create an account',
    request: 'POST /v1/accounts',
    options: {
      name: newName,
      domainId: { usage: '--domain-id <id>  domain of the account', isRequired: true },
      id,
      kind: {
        usage: '--kind <kind>  account of a user or of a project',
        choices: ['user', 'project'],
        default: 'user',
      },
    },
  },
  importCommand({ noun: 'account', path: '/v1/accounts/import', fields: accountFields }),
];

export const directoryCommands: readonly CommandDefinition[] = [
  { words: 'directory', about: 'synchronization of domains and accounts with the cloud' },
  {
    words: 'directory status',
    about: 'show when the directory was last read from the cloud, and what has failed since',
    request: 'GET /v1/directory',
  },
  {
    words: 'directory sync',
    about: 'read the directory from the cloud again, within seconds',
    request: 'POST /v1/directory/sync',
    options: {
      acceptRemovals:
        '--accept-removals  mark what is missing in the cloud as removed, however much it is',
      adoptLocal:
        '--adopt-local  take over rows created by hand or by import whose ids the cloud knows',
    },
    done: 'Requested; `hookline directory status` shows when it is done.',
  },
  {
    words: 'directory unknown',
    about: 'list accounts that own events but are missing in the directory',
    request: 'GET /v1/directory/unknown',
    options: { limit },
    columns: 'id project events firstSeen lastSeen',
  },
];
