/**
 * Decompression of what a Kafka producer may have compressed, as kafkajs's codecs; a source writes nothing.
 *
 * Source: Kafka's record batch format; the xerial framing that Java's clients put around Snappy blocks, and that
 * librdkafka leaves out; the LZ4 frame format, version 1.6.
 */
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';

import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import { decompressFrame } from 'lz4-napi';

/** A batch that would grow beyond this is refused: a few compressed bytes can claim any amount of memory. */
const maxOutputLength = 256 * 1024 * 1024;

const decompressGzip = promisify(gunzip);
const decompressZstd = promisify(zstdDecompress);

/** Registers every compression with kafkajs, for the whole process. Idempotent. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    decompress: (batch: Buffer) => decompressGzip(batch, { maxOutputLength }),
  });
  CompressionCodecs[CompressionTypes.Snappy] = snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => ({ decompress: decompressFrame });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    decompress: (batch: Buffer) => decompressZstd(batch, { maxOutputLength }),
  });
}
