/** The process: runs one command; `serve` goes on until SIGTERM or SIGINT and then stops in order. */
import { pino } from 'pino';

import { roles, type Role } from './app.ts';
import { createProcessIo } from './cli/io.ts';
import { runCommand } from './cli/run.ts';
import type { Config } from './config/config.ts';
import { readSurroundings } from './config/environment.ts';
import { ConfigError } from './event/errors.ts';
import { importFromCloudstack } from './import.ts';
import { openLocal } from './local.ts';
import { serve, welcome } from './serve.ts';
import { version } from './version.ts';

async function serveUntilTold(config: Config, wanted: string = roles.join(',')): Promise<void> {
  const log = pino({ level: config.log.level });
  const served = await serve({ config, roles: parseRoles(wanted), log });
  if (served.adminPassword !== undefined)
    process.stdout.write(`${welcome(served.adminPassword)}\n`);
  const stop = (signal: string): void => {
    log.info({ signal }, 'hookline.stopping');
    served.stop().catch((error: unknown) => {
      log.error({ err: error }, 'hookline.stop_failed');
      process.exitCode = 1;
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function parseRoles(list: string): readonly Role[] {
  const names = list.split(',').map(name => name.trim());
  const unknown = names.filter(name => !roles.some(role => role === name));
  if (unknown.length > 0) {
    throw new ConfigError([`--roles: ${unknown.join(', ')}, expected any of ${roles.join(', ')}`]);
  }
  return roles.filter(role => names.includes(role));
}

process.exitCode = await runCommand(process.argv.slice(2), version, {
  io: createProcessIo(),
  surroundings: readSurroundings(),
  actions: { serve: serveUntilTold, openLocal, importFromCloudstack },
});
