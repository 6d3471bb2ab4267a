/**
 * Explains an attempt to whoever runs the receiver: what went wrong, and what to do about it.
 *
 * Source: the error codes of node:net, node:dns, node:tls (X509_V_ERR_… without their prefix) and undici.
 */
import { isSuccess, type SuccessCodes } from './classify.ts';

export const diagnosisCodes = [
  'delivered',
  'name_not_resolved',
  'refused',
  'unreachable',
  'timeout',
  'blocked',
  'proxy_failed',
  'certificate_expired',
  'certificate_not_yet_valid',
  'certificate_other_host',
  'certificate_self_signed',
  'certificate_untrusted',
  'client_certificate_refused',
  'tls_failed',
  'not_tls',
  'not_http',
  'connection_cut',
  'redirect',
  'status',
  'webhook_invalid',
  'skipped',
  'busy',
  'failed',
] as const;
export type DiagnosisCode = (typeof diagnosisCodes)[number];

export interface Diagnosis {
  readonly code: DiagnosisCode;
  /** One or two sentences for people. */
  readonly text: string;
}

/** The step at which an attempt ended. */
export type Phase = 'resolving' | 'connecting' | 'securing' | 'waiting' | 'reading';

export interface Symptoms {
  readonly url: string;
  readonly phase: Phase;
  readonly timeoutMs: number;
  readonly success: SuccessCodes;
  readonly status?: number | undefined;
  /** The header Location of the response. */
  readonly location?: string | undefined;
  readonly error?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly certificate?: CertificateFacts | undefined;
}

export interface CertificateFacts {
  /** Names that the certificate is valid for, or its subject where it has none. */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Start and end of its validity, as RFC 3339. */
  readonly validFrom: string;
  readonly validTo: string;
}

export function diagnose(symptoms: Symptoms): Diagnosis {
  const { status, error } = symptoms;
  if (error !== undefined) return diagnoseError(symptoms, error);
  return status === undefined
    ? { code: 'failed', text: 'There was no response.' }
    : diagnoseStatus(symptoms, status);
}

function diagnoseStatus({ success, location }: Symptoms, status: number): Diagnosis {
  if (isSuccess(status, success)) {
    return { code: 'delivered', text: `The receiver accepted it with status ${status}.` };
  }
  if (status >= 300 && status < 400) {
    const where = location === undefined ? 'elsewhere' : `to ${location}`;
    return {
      code: 'redirect',
      text: `The receiver redirects ${where} with status ${status}. Redirects are never followed: use that as the payload URL if it is right.`,
    };
  }
  const hint = hints[status] ?? (status >= 500 ? 'It has a problem of its own: see its log.' : '');
  return { code: 'status', text: `The receiver answered with status ${status}. ${hint}`.trim() };
}

const hints: Readonly<Record<number, string>> = {
  400: 'It does not understand the body or a header.',
  401: 'It wants credentials, or does not accept the signature: compare the secrets.',
  403: 'It refuses the request: compare the secrets, and its rules for who may call it.',
  404: 'There is nothing at this path.',
  405: 'This path does not accept POST.',
  410: 'It says it is gone for good; a real delivery would disable the webhook.',
  413: 'It does not accept a body of this size.',
  415: 'It does not accept application/json.',
  429: 'It gets too many requests.',
};

function diagnoseError(symptoms: Symptoms, error: string): Diagnosis {
  const { url, errorCode = '', phase } = symptoms;
  const { hostname, host } = new URL(url);
  switch (errorCode) {
    case 'timeout':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return { code: 'timeout', text: tooLate(symptoms, host) };
    case 'egress_blocked':
      return {
        code: 'blocked',
        text: `Deliveries to ${hostname} are not allowed: ${error}. The operator of Hookline sets its egress rules.`,
      };
    case 'proxy_failed':
      return { code: 'proxy_failed', text: `${capitalized(error)}.` };
    case 'ENOTFOUND':
    case 'EAI_NODATA':
      return { code: 'name_not_resolved', text: `There is no address for the name ${hostname}.` };
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return { code: 'name_not_resolved', text: `No name server answers for ${hostname}.` };
    case 'ECONNREFUSED':
      return { code: 'refused', text: `Nothing listens at ${host}: the connection was refused.` };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return {
        code: 'unreachable',
        text: `There is no route to ${host} from here (${errorCode}).`,
      };
    default:
      return phase === 'securing' || isCertificateError(errorCode)
        ? diagnoseTls(symptoms, error)
        : diagnoseTalk(symptoms, error);
  }
}

function tooLate({ phase, timeoutMs }: Symptoms, host: string): string {
  switch (phase) {
    case 'resolving':
      return `No name server answered for ${host} within ${timeoutMs} ms.`;
    case 'connecting':
      return `No connection to ${host} within ${timeoutMs} ms: it is down, or a firewall drops connections from here.`;
    case 'securing':
      return `${host} took the connection but did not finish the TLS handshake within ${timeoutMs} ms.`;
    case 'waiting':
      return `${host} took the request but did not answer within ${timeoutMs} ms. Answer first and work afterwards.`;
    case 'reading':
      return `${host} began to answer but did not finish within ${timeoutMs} ms.`;
  }
}

/** Whether the error is about the receiver's certificate. */
export function isCertificateError(errorCode: string): boolean {
  return errorCode === 'ERR_TLS_CERT_ALTNAME_INVALID' || certificateCode.test(errorCode);
}

const certificateCode =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;

function diagnoseTls(symptoms: Symptoms, error: string): Diagnosis {
  const { url, errorCode = '', certificate } = symptoms;
  const { hostname, host } = new URL(url);
  const { names = [], issuer = 'an unknown authority', validFrom, validTo } = certificate ?? {};
  switch (errorCode) {
    case 'CERT_HAS_EXPIRED':
      return { code: 'certificate_expired', text: `The certificate expired${at(validTo)}.` };
    case 'CERT_NOT_YET_VALID':
      return {
        code: 'certificate_not_yet_valid',
        text: `The certificate is not valid yet; it will be${at(validFrom)}.`,
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'HOSTNAME_MISMATCH':
      return {
        code: 'certificate_other_host',
        text: `The certificate is for ${names.join(', ') || 'another host'}, not for ${hostname}.`,
      };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        code: 'certificate_self_signed',
        text: 'The certificate is self-signed. Give it to the webhook as its CA certificate, or have one signed by an authority.',
      };
    default:
      if (isCertificateError(errorCode)) {
        return {
          code: 'certificate_untrusted',
          text: `The certificate comes from ${issuer}, which is not trusted here, or the receiver leaves out the certificates in between. Give that authority to the webhook as its CA certificate, or correct the chain (${errorCode}).`,
        };
      }
      return diagnoseHandshake(host, errorCode, error);
  }
}

function diagnoseHandshake(host: string, errorCode: string, error: string): Diagnosis {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(errorCode)) {
    return {
      code: 'not_tls',
      text: `${host} does not speak TLS: should the URL begin with http:?`,
    };
  }
  if (isAboutOurCertificate(errorCode)) {
    return {
      code: 'client_certificate_refused',
      text: `${host} wants a client certificate that it trusts (${errorCode}).`,
    };
  }
  return { code: 'tls_failed', text: `The TLS handshake with ${host} failed: ${error}.` };
}

function isAboutOurCertificate(errorCode: string): boolean {
  return /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_)/.test(errorCode);
}

function diagnoseTalk({ url, errorCode = '', phase }: Symptoms, error: string): Diagnosis {
  const { host, protocol } = new URL(url);
  const isTls = protocol === 'https:';
  if (errorCode.startsWith('HPE_')) {
    return { code: 'not_http', text: `The answer of ${host} is not HTTP (${errorCode}).` };
  }
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(errorCode)) {
    const when = phase === 'reading' ? 'in the middle of its answer' : 'without an answer';
    // With TLS 1.3 the receiver may refuse our certificate after the handshake, and undici does not pass its alert on.
    const hint = isTls && phase === 'waiting' ? ' Does it want a client certificate?' : '';
    return { code: 'connection_cut', text: `${host} closed the connection ${when}.${hint}` };
  }
  return { code: 'failed', text: `${capitalized(error)}.` };
}

const at = (instant: string | undefined): string => (instant === undefined ? '' : ` at ${instant}`);

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
