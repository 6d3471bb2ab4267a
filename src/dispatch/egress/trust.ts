/** Which authorities receivers' certificates are checked with, and what Hookline shows of itself. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** Of the installation. All PEM. */
export interface ClientIdentity {
  /** Trusted beside the system's authorities. */
  readonly ca?: string;
  /** Shown to receivers that ask for it; with its key. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * What a connection is secured with; undefined when that is Node's default.
 *
 * @param caCertificate PEM; trusted instead of all others.
 * @throws Error of OpenSSL when the text is no certificate.
 */
export type Trust = (caCertificate?: string) => SecureContext | undefined;

/** @throws Error of OpenSSL when certificate or key cannot be used. */
export function createTrust(identity: ClientIdentity = {}): Trust {
  const { ca, cert, key } = identity;
  const shown = { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  // The system's authorities are many: they are read once, and only where Node's own set of them cannot be used.
  const common =
    ca === undefined && cert === undefined
      ? undefined
      : createSecureContext({
          ...shown,
          ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }),
        });
  return caCertificate =>
    caCertificate === undefined ? common : createSecureContext({ ...shown, ca: caCertificate });
}
