/** Where a source's messages come from on the broker: its own queue with its bindings, or queues of others. */
import type { Link } from './rabbitmq-link.ts';

export interface QueuesFound {
  /** The queues that can be consumed. */
  readonly queues: readonly string[];
  /** Reasons why exchanges are not bound or queues cannot be read, in the broker's words. */
  readonly missing: readonly string[];
  /** Whether messages can arrive: an exchange is bound, or a queue of others is there. */
  readonly isFed: boolean;
}

export interface Inlet {
  /** At the beginning of a session, before anything is consumed. */
  open(link: Link): Promise<QueuesFound>;
  /** Again, from time to time. */
  check(link: Link): Promise<QueuesFound>;
  /** Messages in the queues that no consumer holds; undefined when the broker will not say. */
  countWaiting(link: Link): Promise<number | undefined>;
}
