/**
 * Explains a TLS connection that could not be made.
 *
 * Source: the error codes of node:tls (X509_V_ERR_… without their prefix) and OpenSSL's reasons as ERR_SSL_…; RFC 8446
 * section 6.2 (alerts).
 */
import { clientCertificateText } from './diagnose-status.ts';
import type { Diagnosis, Symptoms } from './symptoms.ts';

/** Whether the error is about the receiver's certificate. */
export function isCertificateError(errorCode: string): boolean {
  return errorCode === 'ERR_TLS_CERT_ALTNAME_INVALID' || certificateCode.test(errorCode);
}

const certificateCode =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/;

/** Whether the receiver refused the certificate of Hookline, or that there was none. TLS 1.3 says so after the handshake. */
export function isAboutOurCertificate(errorCode: string): boolean {
  return /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|NO_CERTIFICATE)/.test(
    errorCode,
  );
}

export function diagnoseTls(symptoms: Symptoms, error: string): Diagnosis {
  const { errorCode = '' } = symptoms;
  return isCertificateError(errorCode)
    ? diagnoseCertificate(symptoms, errorCode)
    : diagnoseHandshake(symptoms, error);
}

function diagnoseCertificate({ url, certificate }: Symptoms, errorCode: string): Diagnosis {
  const { hostname } = new URL(url);
  const { names = [], issuer = 'an unknown authority', validFrom, validTo } = certificate ?? {};
  switch (errorCode) {
    case 'CERT_HAS_EXPIRED':
      return {
        code: 'certificate_expired',
        text: `The certificate expired${at(validTo)}. Renew it and reload the receiver's server, which may still have the old one.`,
      };
    case 'CERT_NOT_YET_VALID':
      return {
        code: 'certificate_not_yet_valid',
        text: `The certificate is not valid yet; it will be${at(validFrom)}. Compare the clock of the machine it was made on.`,
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'HOSTNAME_MISMATCH':
      return { code: 'certificate_other_host', text: otherHost(hostname, names) };
    case 'INVALID_PURPOSE':
      return {
        code: 'certificate_other_purpose',
        text: 'The certificate, or one it is signed by, is not for servers. Have one made whose extendedKeyUsage contains serverAuth.',
      };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        code: 'certificate_self_signed',
        text: 'The certificate is self-signed. Give it to the webhook as its CA certificate, or have one signed by an authority.',
      };
    default:
      return {
        code: 'certificate_untrusted',
        text: `The certificate comes from ${issuer}, which is not trusted here, or the receiver leaves out the certificates in between. Give that authority to the webhook as its CA certificate, or correct the chain (${errorCode}).`,
      };
  }
}

function otherHost(hostname: string, names: readonly string[]): string {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return names.includes(host)
    ? `The certificate has ${host} as a name, and not as an address. Have one made with the subjectAltName IP:${host}, or use a name in the payload URL.`
    : `The certificate is for ${names.join(', ') || 'another host'}, not for ${host}. Use such a name in the payload URL, or have a certificate made for this one.`;
}

/** OpenSSL's reasons, and what is to be said of them. */
const handshakes: readonly [
  reason: RegExp,
  code: Diagnosis['code'],
  text: (host: string) => string,
][] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER_FAILURE/,
    'not_tls',
    host => `${host} does not speak TLS: should the URL begin with http:?`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/,
    'tls_failed',
    host =>
      `${host} speaks TLS 1.0 or 1.1 alone, which are not safe any more. Let it speak TLS 1.2 or 1.3.`,
  ],
  [
    /UNRECOGNIZED_NAME/,
    'tls_failed',
    host =>
      `${host} does not serve that name: it knows no certificate for it. Correct the name in the payload URL, or give the receiver's server a certificate for it.`,
  ],
  [
    /NO_APPLICATION_PROTOCOL/,
    'tls_failed',
    host =>
      `${host} speaks HTTP/2 alone. Hookline speaks HTTP/1.1: let the receiver accept that as well.`,
  ],
  [
    /(EE|CA)_(KEY|MD)_TOO_(SMALL|WEAK)/,
    'certificate_too_weak',
    host =>
      `The certificate of ${host}, or one it is signed by, has a key or signature that is too weak. Have one made with RSA of 2048 bits or ECDSA, and SHA-256.`,
  ],
  [
    /DH_KEY_TOO_SMALL|BAD_DH_VALUE|MODULUS_TOO_SMALL/,
    'tls_failed',
    host =>
      `${host} exchanges keys with Diffie-Hellman parameters that are too small. Give its server ones of 2048 bits, or ciphers with ECDHE.`,
  ],
  [
    /LEGACY_RENEGOTIATION/,
    'tls_failed',
    host =>
      `${host} knows only the unsafe way of renegotiating TLS. Update its server's TLS library.`,
  ],
  [
    /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INSUFFICIENT_SECURITY/,
    'tls_failed',
    host =>
      `${host} finds no cipher or key exchange that both sides know. Let it offer ECDHE with AES-GCM or ChaCha20, as every present server does. Some servers say so, too, when they miss a client certificate.`,
  ],
  [
    /ALERT_INTERNAL_ERROR/,
    'tls_failed',
    host =>
      `${host} has a problem of its own with TLS: see its server's log. It may have no certificate for this name.`,
  ],
];

function diagnoseHandshake(symptoms: Symptoms, error: string): Diagnosis {
  const { url, errorCode = '' } = symptoms;
  const { host } = new URL(url);
  if (isAboutOurCertificate(errorCode)) {
    return { code: 'client_certificate_refused', text: clientCertificateText(symptoms) };
  }
  const known = handshakes.find(([reason]) => reason.test(errorCode));
  if (known) return { code: known[1], text: known[2](host) };
  if (/^(ECONNRESET|EPIPE|connection_cut)$/.test(errorCode)) {
    return {
      code: 'tls_failed',
      text: `${host} closed the connection in the TLS handshake: it does not speak TLS there, serves no such name, or a firewall cuts it. See its server's log.`,
    };
  }
  return { code: 'tls_failed', text: `The TLS handshake with ${host} failed: ${error}.` };
}

const at = (instant: string | undefined): string => (instant === undefined ? '' : ` at ${instant}`);
