/** What came instead of a response. */

export type ResponseErrorCode = 'connection_cut' | 'not_http' | 'tls_instead' | 'http2_instead';

/** The attempt failed, and may be repeated. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly code: ResponseErrorCode;

  constructor(code: ResponseErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const cutError = (): ResponseError =>
  new ResponseError('connection_cut', 'the receiver closed the connection');

/**
 * Names what is no HTTP by its first bytes.
 *
 * Source: RFC 8446 section 5.1 (records of TLS: type, then version 3.x); RFC 9113 sections 3.4 and 4.1 (a server begins
 * with a SETTINGS frame on stream 0).
 */
export function foreignError(first: Buffer): ResponseError {
  const [type, major] = first;
  if (major === 3 && (type === 0x15 || type === 0x16)) {
    return new ResponseError('tls_instead', 'the answer is TLS, not HTTP');
  }
  const isSettings = first.length >= 9 && first[3] === 4 && first.readUInt32BE(5) === 0;
  return isSettings
    ? new ResponseError('http2_instead', 'the answer is HTTP/2')
    : new ResponseError('not_http', 'the answer is not HTTP');
}
