import { describe, expect, it } from 'vitest';

import { diagnose, type Symptoms } from '../../src/outcome/diagnose.ts';

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
    [301, 'redirect', 'redirects elsewhere with status 301'],
    [304, 'redirect', 'redirects elsewhere'],
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
    ['HPE_INVALID_CONSTANT', 'not_http', 'is not HTTP'],
    ['ECONNRESET', 'connection_cut', 'without an answer. Does it want a client certificate?'],
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
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls_failed', 'what happened'],
    ['ECONNRESET', 'tls_failed', 'what happened'],
  ])('of %s in the handshake is %s', (errorCode, code, text) => {
    const diagnosis = ofError(errorCode, { phase: 'securing', certificate });
    expect(diagnosis.code).toBe(code);
    expect(diagnosis.text).toContain(text);
  });

  it('does without the certificate where it could not be seen', () => {
    expect(ofError('CERT_HAS_EXPIRED').text).toBe('The certificate expired.');
    expect(ofError('ERR_TLS_CERT_ALTNAME_INVALID').text).toContain('for another host');
    expect(ofError('UNABLE_TO_GET_ISSUER_CERT').text).toContain('an unknown authority');
  });
});
