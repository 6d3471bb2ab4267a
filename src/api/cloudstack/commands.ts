/**
 * The commands of CloudStack's API that Hookline supports, with CloudStack's names and parameters.
 *
 * Source: reference "CloudStack" section 1.1; apache/cloudstack, DefaultLoginAPIAuthenticatorCmd, ListApisCmd.
 */
import type { CommandDefinition } from './request/definition.ts';
import { deliveryCommands } from './delivery/delivery-definitions.ts';
import { filterCommands, webhookCommands } from './webhook/webhook-definitions.ts';

const accessCommands: readonly CommandDefinition[] = [
  {
    name: 'listApis',
    description: 'lists all available apis on the server',
    since: '4.1.0',
    parameters: [{ name: 'name', kind: 'string', description: 'API name' }],
    fields: [
      { name: 'name', type: 'string', description: 'the name of the api command' },
      { name: 'description', type: 'string', description: 'description of the api' },
      { name: 'since', type: 'string', description: 'version of CloudStack the api came with' },
      { name: 'isasync', type: 'boolean', description: 'true if api is asynchronous' },
      { name: 'related', type: 'string', description: 'comma separated related apis' },
      { name: 'params', type: 'list', description: 'the list params the api accepts' },
      { name: 'response', type: 'list', description: 'api response fields' },
    ],
  },
  {
    name: 'login',
    description: 'Logs a user in; the session goes on with the cookies and the session key',
    parameters: [
      { name: 'username', kind: 'string', required: true, description: 'Username' },
      { name: 'password', kind: 'string', required: true, description: 'Password' },
      { name: 'domain', kind: 'string', description: "Path of the user's domain: /com/cloud" },
      { name: 'domainid', kind: 'cloudId', description: "The ID of the user's domain" },
    ],
    fields: [
      { name: 'username', type: 'string', description: 'Username' },
      { name: 'userid', type: 'string', description: 'User ID' },
      { name: 'domainid', type: 'string', description: 'Domain ID that the user belongs to' },
      { name: 'timeout', type: 'integer', description: 'seconds until the session ends' },
      { name: 'account', type: 'string', description: 'the account name the user belongs to' },
      {
        name: 'type',
        type: 'string',
        description: 'the account type: 0 user, 1 admin, 2 domain admin',
      },
      { name: 'sessionkey', type: 'string', description: 'to be passed in subsequent commands' },
    ],
  },
  {
    name: 'logout',
    description: 'Logs out the user',
    parameters: [],
    fields: [{ name: 'description', type: 'string', description: 'Response description' }],
  },
];

export const commands: readonly CommandDefinition[] = [
  ...webhookCommands,
  ...deliveryCommands,
  ...filterCommands,
  ...accessCommands,
];

/** Finds a command by its name, which is case-sensitive as in CloudStack. */
export const findCommand = (name: string): CommandDefinition | undefined =>
  commands.find(command => command.name === name);
