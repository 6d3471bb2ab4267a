/** `hookline source …` */
import type { CommandDefinition } from '../command/definition.ts';

export const sourceCommands: readonly CommandDefinition[] = [
  { words: 'source', about: 'message buses that the server reads from' },
  {
    words: 'source list',
    about: 'list sources with their state and the number of messages not read yet',
    request: 'GET /v1/sources',
    columns: 'name kind state lag reason',
  },
  {
    words: 'source pause <name...>',
    about: 'stop reading messages until the source is resumed or the process restarts',
    request: 'POST /v1/sources/{name}/pause',
    done: '{name} is {state}',
  },
  {
    words: 'source resume <name...>',
    about: 'read messages again',
    request: 'POST /v1/sources/{name}/resume',
    done: '{name} is {state}',
  },
];
