/** Checks a webhook's `caCertificate` when it is given, instead of when the first delivery fails. */
import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Why the text cannot be used, as the rest of a sentence; undefined when it is PEM of certificates that are valid now.
 * The certificate need not be an authority's: receivers may have signed their own.
 *
 * @param nowMs milliseconds since 1970.
 */
export function refuseCaCertificate(text: string, nowMs: number): string | undefined {
  const blocks = [...text.matchAll(block)];
  if (blocks.length === 0) {
    return 'needs PEM: -----BEGIN CERTIFICATE----- and so on';
  }
  for (const [index, [pem, label = '']] of blocks.entries()) {
    // A private key would be shown to everybody who may look at the webhook.
    if (label !== 'CERTIFICATE') return `holds a ${label}, but only certificates belong there`;
    const certificate = read(pem);
    if (!certificate) return `cannot be read: block ${index + 1} is no X.509 certificate`;
    if (certificate.validToDate.getTime() <= nowMs) {
      return `has expired: block ${index + 1} was valid until ${certificate.validToDate.toISOString()}`;
    }
  }
  return undefined;
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // OpenSSL's words name neither the block nor what is wrong with it.
    return undefined;
  }
}
