/** Questions to the broker, each on a channel of its own, because a broker that says no closes the channel. */
import type { Channel } from 'amqplib';

import { explain } from '../explain.ts';
import type { Link } from './rabbitmq-link.ts';

/** AMQP reply codes of refusals that close a channel. */
export const reply = { refused: 403, notFound: 404, inUse: 405, differs: 406 } as const;

/** @throws Error with the broker's sentence and, as `code`, its reply code. */
async function withChannel<T>(link: Link, question: (channel: Channel) => Promise<T>): Promise<T> {
  try {
    return await link.answer(askOnce(link, question));
  } catch (error) {
    throw brokerSays(error);
  }
}

async function askOnce<T>(link: Link, question: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await link.openChannel();
  const answer = await question(channel);
  await channel.close();
  return answer;
}

/** A refusal of the broker: its reply code, and its sentence without the protocol's words. */
export interface Refusal {
  readonly code: number;
  readonly words: string;
}

/**
 * @returns the answer as `value`, or the broker's refusal.
 * @throws Error when there was neither: the connection is lost, or the broker does not answer.
 */
export async function ask<T>(
  link: Link,
  question: (channel: Channel) => Promise<T>,
): Promise<{ readonly value: T } | { readonly refusal: Refusal }> {
  try {
    return { value: await withChannel(link, question) };
  } catch (error) {
    const code = replyCode(error);
    if (link.lost.aborted || code === undefined) throw error;
    return { refusal: { code, words: error instanceof Error ? error.message : String(error) } };
  }
}

function replyCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** amqplib wraps the broker's sentence: `Operation failed: …; 404 (NOT-FOUND) with message "NOT_FOUND - no exchange …"`. */
function brokerSays(error: unknown): unknown {
  const sentence = /with message "[A-Z_]+ - (.*)"/s.exec(explain(error))?.[1];
  if (sentence === undefined) return error;
  return Object.assign(new Error(sentence, { cause: error }), { code: replyCode(error) });
}
