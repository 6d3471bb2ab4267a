/**
 * Queues that others declare and bind, such as those of oslo.messaging's notifiers: read as they are. The right to read
 * them is enough, because nothing is declared or bound.
 */
import { findQueue } from './rabbitmq-queue.ts';
import type { Link } from './rabbitmq-link.ts';
import type { Inlet, QueuesFound } from './rabbitmq-inlet.ts';

export function createForeignQueues(names: readonly string[]): Inlet {
  const look = async (link: Link): Promise<QueuesFound> => {
    const found = await Promise.all(
      names.map(async name => ({ name, answer: await findQueue(link, name) })),
    );
    const queues = found.filter(({ answer }) => 'value' in answer).map(({ name }) => name);
    const missing = found.flatMap(({ answer }) =>
      'refusal' in answer ? answer.refusal.words : [],
    );
    return { queues, missing, isFed: queues.length > 0 };
  };
  return {
    open: look,
    check: look,
    async countWaiting(link) {
      const found = await Promise.all(names.map(async name => findQueue(link, name)));
      return found.reduce(
        (sum, answer) => sum + ('value' in answer ? answer.value.messages : 0),
        0,
      );
    },
  };
}
