/** Describes a TLS connection and the receiver's certificate. */
import type { TLSSocket } from 'node:tls';

import type { CertificateFacts } from '../../outcome/symptoms.ts';
import type { OpenConnector } from './connect.ts';
import type { Route } from './route.ts';

export interface TlsDetails {
  /** Version, such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** Whether the certificate is valid, comes from a trusted authority and is the receiver's. */
  readonly authorized: boolean;
  /** Reason why it is not authorized, in OpenSSL's words: `CERT_HAS_EXPIRED`. */
  readonly authorizationError?: string;
  readonly certificate?: CertificateDetails;
}

export interface CertificateDetails extends CertificateFacts {
  readonly subject: string;
  readonly serialNumber: string;
  /** SHA-256 fingerprint. */
  readonly fingerprint: string;
}

export function describeTls(socket: TLSSocket): TlsDetails {
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    authorized: socket.authorized,
    authorizationError: socket.authorizationError ? String(socket.authorizationError) : undefined,
    certificate: describeCertificate(socket),
  };
}

function describeCertificate(socket: TLSSocket): CertificateDetails | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  const { subjectAltName, serialNumber, fingerprint256 } = certificate;
  const subject = inOneLine(certificate.subject);
  return {
    subject,
    names: subjectAltName?.split(', ').map(name => name.replace(/^[^:]*:/, '')) ?? [subject],
    issuer: inOneLine(certificate.issuer),
    validFrom: certificate.validFromDate.toISOString(),
    validTo: certificate.validToDate.toISOString(),
    serialNumber,
    fingerprint: fingerprint256,
  };
}

/** Names may be missing: node:crypto types them as texts all the same. */
const inOneLine = (name: string | undefined): string => (name ?? '').replaceAll('\n', ', ');

/**
 * Connects once more, accepting any certificate, to see the one that was refused; sends nothing.
 *
 * @returns undefined when there is no TLS connection to be had.
 */
export async function inspectCertificate(
  connector: OpenConnector,
  route: Route,
): Promise<TlsDetails | undefined> {
  let details: TlsDetails | undefined;
  const connect = connector({ ...route, sslVerification: false }, step => {
    if (step.kind === 'secured') details = describeTls(step.socket);
  });
  const socket = await connect().catch(() => undefined);
  socket?.destroy();
  return details;
}
