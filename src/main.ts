/** The process: reads the configuration, runs, and stops in order on SIGTERM or SIGINT. */
import { Command } from 'commander';
import { pino } from 'pino';

import { roles, type Role } from './app.ts';
import { readSurroundings } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { ConfigError } from './event/errors.ts';
import { serve, welcome } from './serve.ts';
import { version } from './version.ts';

const program = new Command('hookline').version(version);

program
  .command('serve')
  .description('run everything, or the parts named by --roles')
  .option('--config <file>', 'configuration file, YAML or JSON')
  .option('--roles <list>', `any of ${roles.join(',')}`, roles.join(','))
  .action(async (options: { config?: string; roles: string }) => {
    const config = loadConfig({
      ...readSurroundings(),
      ...(options.config !== undefined && { file: options.config }),
    });
    const log = pino({ level: config.log.level });
    const served = await serve({ config, roles: parseRoles(options.roles), log });
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
  });

function parseRoles(list: string): readonly Role[] {
  const names = list.split(',').map(name => name.trim());
  const unknown = names.filter(name => !roles.some(role => role === name));
  if (unknown.length > 0) {
    throw new ConfigError([`--roles: ${unknown.join(', ')}, expected any of ${roles.join(', ')}`]);
  }
  return roles.filter(role => names.includes(role));
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
