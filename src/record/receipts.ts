/**
 * The receipts of a RabbitMQ consumer's messages, by which a message that the broker gives back after it was recorded
 * is known again.
 *
 * A consumer never holds more than `prefetch` messages unacknowledged, so its last `prefetch` recorded messages are
 * enough. Each batch leaves a receipt; the oldest are forgotten as soon as the younger ones cover the prefetch.
 */
import { hash } from 'node:crypto';

import type { Message } from '../event/message.ts';

interface Receipt {
  readonly id: string;
  readonly size: number;
}

export interface Receipts {
  /** Ids of the receipts that are not needed any more once one of `size` more messages is written. */
  superfluous(consumer: { id: string; prefetch: number }, size: number): readonly string[];
  /** Notes that a receipt was written, and that the superfluous ones are gone. */
  made(consumerId: string, receipt: Receipt, forgotten: readonly string[]): void;
}

/** Keeps the receipts of one source's present consumer; a former consumer's stay in the database. */
export function createReceipts(): Receipts {
  let consumerId = '';
  let receipts: Receipt[] = [];
  return {
    superfluous(consumer, size) {
      if (consumer.id !== consumerId) return [];
      let covered = size + receipts.reduce((sum, receipt) => sum + receipt.size, 0);
      const ids: string[] = [];
      for (const receipt of receipts) {
        covered -= receipt.size;
        if (covered < consumer.prefetch) break;
        ids.push(receipt.id);
      }
      return ids;
    },
    made(id, receipt, forgotten) {
      if (id !== consumerId) {
        consumerId = id;
        receipts = [];
      }
      receipts = receipts.filter(old => !forgotten.includes(old.id));
      receipts.push(receipt);
    },
  };
}

/** Hashes what tells messages without an id apart: routing key and body; 128 bits in the form of a UUID. */
export function hashMessage(message: Message): string {
  const key = Buffer.from(`${message.routingKey ?? ''}\0`);
  const hex = hash('sha256', message.body ? Buffer.concat([key, message.body]) : key, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
