/** Where a source stands in the configuration, and what building it needs beside its keys' values. */
import type { Report } from '../load/problem.ts';

export interface SourceDeps {
  /** `rabbitmq` and `kafka` of the sections; an item's own. */
  readonly name: string;
  /** Goes before the keys in problems: `amqp`, `sources[0]`. */
  readonly path: string;
  readonly cwd: string;
  readonly report: Report;
}
