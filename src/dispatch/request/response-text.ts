/** The kept part of a response as text: unpacked, in its own character set, and without what could command a terminal. */
import {
  brotliDecompressSync,
  constants,
  inflateRawSync,
  inflateSync,
  gunzipSync,
} from 'node:zlib';

export interface ResponseEncoding {
  /** The header Content-Type. */
  readonly contentType?: string | undefined;
  /** The header Content-Encoding. */
  readonly contentEncoding?: string | undefined;
}

/**
 * Decodes the bytes. What cannot be decoded becomes U+FFFD, as does every control character but tab and line ends: they
 * are shown in terminals, and PostgreSQL's text cannot hold NUL.
 *
 * @param bytesMax how much unpacked text is kept.
 */
export function responseText(
  bytes: Buffer,
  bytesMax: number,
  { contentType, contentEncoding }: ResponseEncoding,
): string {
  const plain = contentEncoding === undefined ? bytes : unpacked(bytes, bytesMax, contentEncoding);
  const charset = contentType === undefined ? undefined : charsetIn.exec(contentType)?.[1];
  return withoutControls(charset === undefined ? plain.toString('utf8') : decoded(plain, charset));
}

/** Takes control characters out of a text. */
export function withoutControls(text: string): string {
  return control.test(text) ? text.replaceAll(controls, '\u{FFFD}') : text;
}

const charsetIn = /charset\s*=\s*["']?([\w.:-]+)/i;
// oxlint-disable-next-line no-control-regex -- They are what is looked for.
const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
const controls = new RegExp(control.source, 'g');

function decoded(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // Nobody knows that character set.
    return bytes.toString('utf8');
  }
}

/** Unpacks what can be unpacked of a part that was cut; bytes that are not packed as they say stay as they are. */
function unpacked(bytes: Buffer, bytesMax: number, encoding: string): Buffer {
  const unpack = unpackers[encoding.trim().toLowerCase()];
  if (!unpack) return bytes;
  // A little may unpack to very much: then less of it is unpacked.
  for (let { length } = bytes; length > 0; length >>= 1) {
    try {
      return unpack(bytes.subarray(0, length), outputMax).subarray(0, bytesMax);
    } catch (error) {
      if (!(error instanceof RangeError)) return bytes;
    }
  }
  return bytes;
}

/** Maximum of what is unpacked at once, in bytes. */
const outputMax = 1_048_576;

type Unpack = (bytes: Buffer, maxOutputLength: number) => Buffer;

const gunzip: Unpack = (bytes, maxOutputLength) =>
  gunzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // Some send it without zlib's header.
  deflate: (bytes, maxOutputLength) => {
    const isBare = ((bytes[0] ?? 0) & 0x0f) !== 8;
    const inflate = isBare ? inflateRawSync : inflateSync;
    return inflate(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });
  },
  br: (bytes, maxOutputLength) =>
    brotliDecompressSync(bytes, {
      maxOutputLength,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
};
