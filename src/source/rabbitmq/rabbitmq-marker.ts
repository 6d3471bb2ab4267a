/**
 * Tells whether bindings to exchanges that are not durable may have been lost since Hookline last made them.
 *
 * A restart of the broker deletes such an exchange with its bindings. When a publisher has declared it again before
 * Hookline is back, nothing shows that the binding was missing meanwhile. The marker is an exchange of Hookline's own that
 * disappears on the same occasions: it is not durable, and with auto-delete it goes when its one binding, that of the
 * queue, goes. Nobody can publish to it, because it is internal.
 */
import { ask, reply } from './rabbitmq-channel.ts';
import type { Link } from './rabbitmq-link.ts';

const markerOf = (queue: string): string => `${queue}.marker`;

export async function hasMarker(link: Link, queue: string): Promise<boolean> {
  const answer = await ask(link, channel => channel.checkExchange(markerOf(queue)));
  return !('refusal' in answer) || answer.refusal.code !== reply.notFound;
}

/** @returns whether there is one now; false when the user may not configure it. */
export async function setMarker(link: Link, queue: string): Promise<boolean> {
  const marker = markerOf(queue);
  const answer = await ask(link, async channel => {
    await channel.assertExchange(marker, 'fanout', {
      durable: false,
      autoDelete: true,
      internal: true,
    });
    await channel.bindQueue(queue, marker, '');
  });
  return !('refusal' in answer);
}
