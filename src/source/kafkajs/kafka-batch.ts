/** Cuts the records that one fetch brought of one partition into batches to record. */
import { isUtf8 } from 'node:buffer';

import type { Batch, IHeaders, KafkaMessage } from 'kafkajs';

import type { Message, OffsetSpan } from '../../event/message.ts';
import type { Reading } from './kafka-reading.ts';

export interface Chunk {
  readonly messages: readonly Message[];
  readonly span: OffsetSpan;
}

export interface ChunkLimits {
  /** Maximum number of messages in a batch. */
  readonly batchMax: number;
  /** A batch is closed by the message that brings it to this many bytes. */
  readonly batchBytesMax: number;
}

/** The chunks in the order of their offsets. The last one's span reaches to the end of what was fetched. */
export function* chunksOf(
  batch: Batch,
  limits: ChunkLimits,
  { topicId, replay, recordedTo }: Pick<Reading, 'topicId' | 'replay' | 'recordedTo'>,
): Generator<Chunk> {
  const { topic, partition } = batch;
  let fromOffset = recordedTo;
  const endOffset = fetchedTo(batch);
  for (let start = 0; start < batch.messages.length;) {
    const end = start + chunkLength(batch.messages, start, limits);
    const records = batch.messages.slice(start, end);
    const offsets = records.map(({ offset }) => BigInt(offset));
    const last = end === batch.messages.length;
    const nextOffset = last ? endOffset : (offsets.at(-1) ?? -1n) + 1n;
    yield {
      messages: records.map(record => toMessage(`${topic}/${partition}/${record.offset}`, record)),
      span: { topic, partition, topicId, fromOffset, offsets, nextOffset, replay },
    };
    fromOffset = nextOffset;
    start = end;
  }
}

function chunkLength(records: readonly KafkaMessage[], start: number, limits: ChunkLimits): number {
  let bytes = 0;
  let length = 0;
  for (let at = start; at < records.length; at += 1) {
    length += 1;
    bytes += records[at]?.value?.length ?? 0;
    if (length >= limits.batchMax || bytes >= limits.batchBytesMax) break;
  }
  return length;
}

/**
 * One past the last offset the fetch covers. Compaction may have removed the last records of a record batch; the
 * batch still says where it ends, and kafkajs, which keeps that beside each message, would go there one offset at
 * a time.
 */
function fetchedTo(batch: Batch): bigint {
  const seen = BigInt(batch.lastOffset()) + 1n;
  const last: object | undefined = 'rawMessages' in batch ? lastOf(batch.rawMessages) : undefined;
  const context: unknown = last !== undefined && 'batchContext' in last ? last.batchContext : null;
  if (typeof context !== 'object' || context === null) return seen;
  if (!('firstOffset' in context) || !('lastOffsetDelta' in context)) return seen;
  const end = BigInt(String(context.firstOffset)) + BigInt(Number(context.lastOffsetDelta)) + 1n;
  return end > seen ? end : seen;
}

function lastOf(list: unknown): object | undefined {
  const last: unknown = Array.isArray(list) ? list.at(-1) : undefined;
  return typeof last === 'object' && last !== null ? last : undefined;
}

function toMessage(position: string, { key, value, headers }: KafkaMessage): Message {
  return {
    position,
    body: value,
    redelivered: false,
    key: key !== null && isUtf8(key) ? key.toString() : undefined,
    headers: headers && toText(headers),
  };
}

/**
 * Takes the headers that are text; the first such value of a header that was sent several times.
 *
 * kafkajs 2.2.4 collects headers in a plain object, in which every name that objects inherit is taken already: a header
 * `constructor` comes as an array of a function and its value. Kafka also allows null for a value, which is no text.
 */
function toText(headers: IHeaders): Record<string, string> | undefined {
  const text = Object.entries(headers).flatMap(([name, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const first = values.find(isText);
    return first === undefined ? [] : [[name, first.toString()] as const];
  });
  // Setting a property called `__proto__` would set the prototype instead.
  return text.length === 0 ? undefined : Object.fromEntries(text);
}

const isText = (value: unknown): value is string | Buffer =>
  typeof value === 'string' || (Buffer.isBuffer(value) && isUtf8(value));
