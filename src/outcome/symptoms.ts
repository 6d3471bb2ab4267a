/** What is known of an attempt that is to be explained, and the explanation. */
import type { SuccessCodes } from './classify.ts';

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
  'certificate_other_purpose',
  'certificate_too_weak',
  'certificate_self_signed',
  'certificate_untrusted',
  'client_certificate_refused',
  'tls_failed',
  'not_tls',
  'tls_expected',
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
  /** A few sentences for people: the cause, and what to do about it. */
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
  readonly responseBody?: string | undefined;
  readonly error?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly certificate?: CertificateFacts | undefined;
  /** Version of TLS, such as `TLSv1.3`. */
  readonly protocol?: string | undefined;
  /** The header Content-Type of the request. */
  readonly contentType?: string | undefined;
  /** Whether the request was compressed. */
  readonly isCompressed?: boolean | undefined;
}

export interface CertificateFacts {
  /** Names that the certificate is valid for, or its subject where it has none. */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Start and end of its validity, as RFC 3339. */
  readonly validFrom: string;
  readonly validTo: string;
}

/** Said wherever the request was written and no answer of the receiver itself came. */
export const mayHaveTaken =
  'The receiver may have taken it all the same: when it is sent again it has the same webhook-id.';
