/** What an operator should know of a source beside its state: warnings that hold, and bindings that had been missing. */
import type { Log } from '../event/log.ts';
import type { SourceStatus } from './source.ts';

export interface Notices {
  /** Replaces the warnings; new ones are logged. */
  warn(warnings: readonly string[]): void;
  /** A binding to this exchange had been missing and was made again. @param reason in words. */
  restored(exchange: string, reason: string): void;
  status(): Pick<SourceStatus, 'warnings' | 'bindingsRestored'>;
}

/** @param clock milliseconds since 1970. */
export function createNotices(name: string, log: Log, clock: () => number): Notices {
  let warnings: readonly string[] = [];
  let last: SourceStatus['bindingsRestored'];
  return {
    warn(found) {
      for (const warning of found) {
        if (!warnings.includes(warning)) log.warn({ source: name, warning }, 'source.warned');
      }
      warnings = found;
    },
    restored(exchange, reason) {
      const at = new Date(clock()).toISOString();
      last = { count: (last?.count ?? 0) + 1, at, exchange, reason };
      log.warn({ source: name, exchange, reason }, 'source.binding_restored');
    },
    status: () => ({
      ...(warnings.length > 0 && { warnings }),
      ...(last && { bindingsRestored: last }),
    }),
  };
}
