import { describe, expect, it } from 'vitest';

import { diagnose } from '../../src/outcome/diagnose.ts';
import type { Symptoms } from '../../src/outcome/symptoms.ts';

const bare: Symptoms = {
  url: 'https://receiver.test:8443/hook',
  phase: 'waiting',
  timeoutMs: 1_000,
  success: '2xx',
};
const certificate = {
  names: ['a.test', 'b.test'],
  issuer: 'CN=Some CA',
  validFrom: '2026-01-01T00:00:00.000Z',
  validTo: '2026-02-01T00:00:00.000Z',
};

const ofError = (errorCode: string, facts: Partial<Symptoms> = {}) =>
  diagnose({ ...bare, error: 'what happened', errorCode, ...facts });

describe('the diagnosis', () => {
  it.each([
    [200, 'delivered', 'accepted it with status 200'],
    [299, 'delivered', 'accepted'],
    [301, 'redirect', 'redirects with status 301, and does not say where to'],
    [304, 'status', 'nobody asked'],
    [401, 'status', 'compare the secrets'],
    [410, 'status', 'would disable the webhook'],
    [418, 'status', 'answered with status 418.'],
    [500, 'status', 'see its log'],
    [199, 'status', 'answered with status 199.'],
  ])('of status %i is %s', (status, code, text) => {
    const diagnosis = diagnose({ ...bare, status });
    expect(diagnosis.code).toBe(code);
    expect(diagnosis.text).toContain(text);
  });

  it('goes by what the operator calls success', () => {
    expect(diagnose({ ...bare, status: 202, success: [200] }).code).toBe('status');
    expect(diagnose({ ...bare, status: 200, success: [200] }).code).toBe('delivered');
  });

  it.each([401, 402, 403, 404, 405, 407, 408, 411, 414, 415, 417, 421, 422, 425, 426, 429, 431])(
    'has words for %i',
    status => {
      expect(diagnose({ ...bare, status }).text).toMatch(
        /^The receiver answered with status \d+\. \S/,
      );
    },
  );

  it.each([501, 502, 503, 504, 505, 507, 511])('has words of its own for %i', status => {
    expect(diagnose({ ...bare, status }).text).not.toContain('a problem of its own');
  });

  it.each([408, 502, 504])('says of %i that it may have been taken', status => {
    expect(diagnose({ ...bare, status }).text).toContain('has the same webhook-id');
  });

  it('says of 504 what it says of a deadline', () => {
    expect(diagnose({ ...bare, status: 504 }).text).toContain('Answer first and work afterwards');
  });

  it('names the content type that was sent, and compression', () => {
    const contentType = 'application/cloudevents+json';
    expect(diagnose({ ...bare, status: 415, contentType }).text).toContain(
      `accept ${contentType}:`,
    );
    for (const status of [400, 415]) {
      const { text } = diagnose({ ...bare, status, contentType, isCompressed: true });
      expect(text).toContain('set gzip to false');
      expect(diagnose({ ...bare, status, contentType }).text).not.toContain('gzip');
    }
  });

  it.each([
    ['nginx', '<center>The plain HTTP request was sent to HTTPS port</center>'],
    ['Apache httpd', 'Reason: You’re speaking plain HTTP to an SSL-enabled server port.'],
    ['Go', 'Client sent an HTTP request to an HTTPS server.\n'],
  ])('knows the page of %s for http: to a TLS port', (_, responseBody) => {
    expect(diagnose({ ...bare, status: 400, responseBody }).code).toBe('tls_expected');
  });

  it.each([
    ['without a certificate', '<center>No required SSL certificate was sent</center>'],
    ['with a wrong one', '<title>400 The SSL certificate error</title>'],
  ])('knows the page of nginx for a client %s', (_, responseBody) => {
    const { code, text } = diagnose({ ...bare, status: 400, responseBody });
    expect(code).toBe('client_certificate_refused');
    expect(text).toContain('egress.tls.certFile');
  });

  it('says of 403 over TLS 1.3 that a certificate may be asked for later', () => {
    expect(diagnose({ ...bare, status: 403, protocol: 'TLSv1.3' }).text).toContain('TLS 1.2');
    expect(diagnose({ ...bare, status: 403, protocol: 'TLSv1.2' }).text).not.toContain('TLS 1.2');
  });

  it('says of an address that a certificate has as a name what it lacks', () => {
    const facts = {
      url: 'https://127.0.0.1:8443/',
      certificate: { ...certificate, names: ['127.0.0.1'] },
    };
    const { text } = ofError('ERR_TLS_CERT_ALTNAME_INVALID', { phase: 'securing', ...facts });
    expect(text).toContain('subjectAltName IP:127.0.0.1');
  });

  it('says of a redirect that adds a slash what is missing', () => {
    const { text } = diagnose({ ...bare, status: 301, location: '/hook/' });
    expect(text).toContain('to https://receiver.test:8443/hook/ with status 301');
    expect(text).toContain('only the slash at the end');
  });

  it('says where a redirect leads', () => {
    const { text } = diagnose({ ...bare, status: 308, location: 'https://new.test/' });
    expect(text).toContain('redirects to https://new.test/ with status 308');
  });

  it.each([
    ['ENOTFOUND', 'name_not_resolved', 'no address for the name receiver.test'],
    ['EAI_AGAIN', 'name_not_resolved', 'No name server answers'],
    ['ECONNREFUSED', 'refused', 'Nothing listens at receiver.test:8443'],
    ['EHOSTUNREACH', 'unreachable', 'no route to receiver.test:8443'],
    ['ETIMEDOUT', 'timeout', 'within 1000 ms'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'within 1000 ms'],
    ['egress_blocked', 'blocked', 'not allowed: what happened'],
    ['proxy_failed', 'proxy_failed', 'What happened.'],
    ['not_http', 'not_http', 'is not HTTP'],
    ['tls_instead', 'tls_expected', 'begin with https:'],
    ['http2_instead', 'not_http', 'speaks HTTP/2 alone'],
    ['ECONNRESET', 'connection_cut', 'has the same webhook-id'],
    ['connection_cut', 'connection_cut', 'without an answer'],
    [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'client_certificate_refused',
      'egress.tls.certFile',
    ],
    ['EPIPE', 'connection_cut', 'without an answer'],
    ['ERR_SOMETHING', 'failed', 'What happened.'],
    ['', 'failed', 'What happened.'],
  ])('of %s is %s', (errorCode, code, text) => {
    const diagnosis = ofError(errorCode);
    expect(diagnosis.code).toBe(code);
    expect(diagnosis.text).toContain(text);
  });

  it.each([
    ['resolving', 'No name server answered'],
    ['connecting', 'a firewall'],
    ['securing', 'TLS handshake'],
    ['waiting', 'Answer first'],
    ['reading', 'did not finish'],
  ] as const)('of a deadline that passed while %s says so', (phase, text) => {
    expect(ofError('timeout', { phase })).toMatchObject({
      code: 'timeout',
      text: expect.stringContaining(text),
    });
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'certificate_expired', 'expired at 2026-02-01T00:00:00.000Z'],
    ['CERT_NOT_YET_VALID', 'certificate_not_yet_valid', 'at 2026-01-01T00:00:00.000Z'],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'certificate_other_host',
      'for a.test, b.test, not for receiver.test',
    ],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate_self_signed', 'self-signed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate_untrusted', 'comes from CN=Some CA'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate_untrusted', 'correct the chain'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate_untrusted', 'correct the chain'],
    ['CERT_REVOKED', 'certificate_untrusted', 'CERT_REVOKED'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'not_tls', 'begin with http:'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client_certificate_refused', 'wants a client certificate'],
    ['INVALID_PURPOSE', 'certificate_other_purpose', 'serverAuth'],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls_failed', 'no cipher'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls_failed', 'TLS 1.0 or 1.1'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls_failed', 'TLS 1.0 or 1.1'],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'tls_failed', 'does not serve that name'],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'tls_failed', 'HTTP/2 alone'],
    ['ERR_SSL_EE_KEY_TOO_SMALL', 'certificate_too_weak', '2048 bits'],
    ['ERR_SSL_DH_KEY_TOO_SMALL', 'tls_failed', 'Diffie-Hellman'],
    ['ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED', 'tls_failed', 'renegotiating'],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'tls_failed', 'problem of its own'],
    ['ERR_SSL_UNHEARD_OF', 'tls_failed', 'failed: what happened'],
    ['ECONNRESET', 'tls_failed', 'in the TLS handshake'],
  ])('of %s in the handshake is %s', (errorCode, code, text) => {
    const diagnosis = ofError(errorCode, { phase: 'securing', certificate });
    expect(diagnosis.code).toBe(code);
    expect(diagnosis.text).toContain(text);
  });

  it('does without the certificate where it could not be seen', () => {
    expect(ofError('CERT_HAS_EXPIRED').text).toMatch(/^The certificate expired\. Renew/);
    expect(ofError('ERR_TLS_CERT_ALTNAME_INVALID').text).toContain('for another host');
    expect(ofError('UNABLE_TO_GET_ISSUER_CERT').text).toContain('an unknown authority');
  });
});
