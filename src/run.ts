/** `hookline serve`: runs until SIGTERM or SIGINT and then stops in order. */
import { pino } from 'pino';

import { logRedaction } from './access/secret/redact.ts';
import { processRoles, type ProcessRole } from './wire.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './event/errors.ts';
import { serve, welcome } from './serve.ts';

/** Time that a stop may take beside the two graces for sending and for writing: closing brokers, leaving the others. */
const closeMs = 10_000;

/**
 * Runs Hookline. The first signal, also one during the start, stops it in order; a second one ends the process at once.
 * So does a stop that takes too long, because the database or a broker has fallen silent: then it is as after a crash.
 */
export async function runUntilSignal(
  config: Config,
  wanted: string = processRoles.join(','),
): Promise<void> {
  const log = pino({ level: config.log.level, redact: logRedaction });
  const limitMs = 2 * config.shutdownMs + closeMs;
  const told = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'hookline.stopping');
      told.abort();
      setTimeout(() => {
        log.error({ limitMs }, 'hookline.stop_overdue');
        process.exit(1);
      }, limitMs).unref();
    });
  }
  const served = await serve({ config, roles: parseRoles(wanted), log, signal: told.signal }).catch(
    (error: unknown) => {
      if (told.signal.aborted) log.info({ err: error }, 'hookline.start_cut_short');
      else throw error;
    },
  );
  if (!served) return;
  if (served.adminPassword !== undefined)
    process.stdout.write(`${welcome(served.adminPassword)}\n`);
  const stop = (): void => {
    served.stop().catch((error: unknown) => {
      log.error({ err: error }, 'hookline.stop_failed');
      process.exitCode = 1;
    });
  };
  if (told.signal.aborted) stop();
  else told.signal.addEventListener('abort', stop);
}

function parseRoles(list: string): readonly ProcessRole[] {
  const names = list.split(',').map(name => name.trim());
  const unknown = names.filter(name => !processRoles.some(role => role === name));
  if (unknown.length > 0) {
    throw new ConfigError([
      `--roles: ${unknown.join(', ')}, expected any of ${processRoles.join(', ')}`,
    ]);
  }
  return processRoles.filter(role => names.includes(role));
}
