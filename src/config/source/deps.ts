/** What building a source needs beside the values of its keys. */
import type { Report } from '../load/problem.ts';

export interface SourceDeps {
  /** Name of the source: `rabbitmq`, `kafka`, or the one that an item of `sources` gives. */
  readonly name: string;
  /** Path of its section in problems, such as `amqp` or `sources[0]`. */
  readonly path: string;
  readonly cwd: string;
  readonly report: Report;
}
