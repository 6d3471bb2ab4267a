import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';

import kafkajs, { CompressionTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { registerCodecs } from '../../src/source/kafkajs/kafka-codecs.ts';

type Codec = { decompress(batch: Buffer): Promise<Buffer> };

const text = Buffer.from('event event event event');

// librdkafka's Snappy is a bare block: its length, a literal of six bytes, and a copy of 17 from six back.
const bareSnappy = [23, 5 << 2, ...Buffer.from('event '), ((17 - 1) << 2) | 2, 6, 0];

// Java's is framed: magic, two versions, and the length before each block.
const framedSnappy = [
  [0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1],
  [0, 0, 0, 8, 6, 5 << 2, ...Buffer.from('event ')],
  [0, 0, 0, 19, 17, 16 << 2, ...Buffer.from('event event event')],
].flat();

describe('Kafka codecs', () => {
  it.each([
    ['gzip', CompressionTypes.GZIP, gzipSync(text)],
    ['zstd', CompressionTypes.ZSTD, zstdCompressSync(text)],
    ['Snappy without a frame', CompressionTypes.Snappy, Buffer.from(bareSnappy)],
    ['Snappy in a frame of two blocks', CompressionTypes.Snappy, Buffer.from(framedSnappy)],
  ] as const)('read %s', async (_name, type, compressed) => {
    expect(String(await codecOf(type).decompress(compressed))).toBe(String(text));
  });

  it.each([
    ['gzip', CompressionTypes.GZIP, 'incorrect header check'],
    ['Snappy', CompressionTypes.Snappy, 'Invalid Snappy'],
    ['LZ4', CompressionTypes.LZ4, 'WrongMagicNumber'],
    ['zstd', CompressionTypes.ZSTD, 'Unknown frame descriptor'],
  ] as const)('refuse what is not %s', async (_name, type, message) => {
    await expect(codecOf(type).decompress(brotliCompressSync(text))).rejects.toThrow(message);
  });
});

function codecOf(type: Exclude<CompressionTypes, CompressionTypes.None>): Codec {
  registerCodecs();
  const { CompressionCodecs } = kafkajs;
  const codec: Codec = CompressionCodecs[type]();
  return codec;
}
