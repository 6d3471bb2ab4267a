import type { Log } from '../../src/event/log.ts';

export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly facts: object;
}

export interface CapturedLog extends Log {
  readonly lines: readonly LogLine[];
}

/** A log that keeps its lines for the test to look at. */
export function captureLog(): CapturedLog {
  const lines: LogLine[] = [];
  const keep =
    (level: keyof Log) =>
    (facts: object, event: string): void => {
      lines.push({ level, event, facts });
    };
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
}
