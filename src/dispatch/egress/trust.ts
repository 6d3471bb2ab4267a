/** The authorities that receivers' certificates are checked with, and the certificate that Hookline itself shows. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

import { trustEachGiven } from '../../event/network/trust.ts';

/** The installation's own authorities and client certificate, as PEM. */
export interface ClientIdentity {
  /** Authorities trusted beside the system's. */
  readonly ca?: string;
  /** Certificate shown to receivers that ask for one; with its key. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Finds the secure context of a connection; undefined for Node's default.
 *
 * @param caCertificate PEM; trusted instead of all others.
 * @throws Error of OpenSSL when the text is no certificate.
 */
export type Trust = (caCertificate?: string) => SecureContext | undefined;

/** Reads the identity. @throws Error of OpenSSL when certificate or key cannot be used. */
export function createTrust(identity: ClientIdentity = {}): Trust {
  const { ca, cert, key } = identity;
  const shown = { ...trustEachGiven, cert, key };
  // The system's authorities are many: they are read once, and only where Node's own set of them cannot be used.
  const common =
    ca === undefined && cert === undefined
      ? undefined
      : createSecureContext({
          ...shown,
          ca: ca === undefined ? undefined : [...getCACertificates('default'), ca],
        });
  return caCertificate =>
    caCertificate === undefined ? common : createSecureContext({ ...shown, ca: caCertificate });
}
