/** What an operator should know of a source beside its state: warnings that hold, and bindings that had been missing. */
import type { Log } from '../event/log.ts';
import type { SourceStatus } from './source.ts';

export interface Notices {
  /** Replaces the warnings about this part; new ones are logged. @example warn('policies', []) */
  warn(part: string, warnings: readonly string[]): void;
  /** A binding to this exchange had been missing and was made again. @param reason in words. */
  restored(exchange: string, reason: string): void;
  status(): Pick<SourceStatus, 'warnings' | 'bindingsRestored'>;
}

/** @param clock milliseconds since 1970. */
export function createNotices(name: string, log: Log, clock: () => number): Notices {
  const parts = new Map<string, readonly string[]>();
  let last: SourceStatus['bindingsRestored'];
  return {
    warn(part, warnings) {
      const former = parts.get(part) ?? [];
      for (const warning of warnings) {
        if (!former.includes(warning)) log.warn({ source: name, warning }, 'source.warned');
      }
      parts.set(part, warnings);
    },
    restored(exchange, reason) {
      const at = new Date(clock()).toISOString();
      last = { count: (last?.count ?? 0) + 1, at, exchange, reason };
      log.warn({ source: name, exchange, reason }, 'source.binding_restored');
    },
    status: () => {
      const warnings = [...parts.values()].flat();
      return {
        ...(warnings.length > 0 && { warnings }),
        ...(last && { bindingsRestored: last }),
      };
    },
  };
}
