/**
 * Explains an attempt to whoever runs the receiver: what went wrong, and what to do about it.
 *
 * Source: the error codes of node:net, node:dns and undici's connector.
 */
import { isSuccess } from './classify.ts';
import { diagnoseStatus } from './diagnose-status.ts';
import { diagnoseTls, isAboutOurCertificate, isCertificateError } from './diagnose-tls.ts';
import { mayHaveTaken, type Diagnosis, type Symptoms } from './symptoms.ts';

export function diagnose(symptoms: Symptoms): Diagnosis {
  const { status, success, error, errorCode } = symptoms;
  if (status !== undefined && isSuccess(status, success)) {
    return { code: 'delivered', text: `The receiver accepted it with status ${status}.` };
  }
  if (status !== undefined && errorCode === undefined) return diagnoseStatus(symptoms, status);
  return error === undefined
    ? { code: 'failed', text: 'There was no response.' }
    : diagnoseError(symptoms, error);
}

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
      return phase === 'securing' ||
        isCertificateError(errorCode) ||
        isAboutOurCertificate(errorCode)
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
      return `${host} took the request but did not answer within ${timeoutMs} ms. Answer first and work afterwards. ${mayHaveTaken}`;
    case 'reading':
      return `${host} began to answer but did not finish within ${timeoutMs} ms. ${mayHaveTaken}`;
  }
}

function diagnoseTalk({ url, errorCode = '', phase }: Symptoms, error: string): Diagnosis {
  const { host, protocol } = new URL(url);
  switch (errorCode) {
    case 'not_http':
      return { code: 'not_http', text: `The answer of ${host} is not HTTP. Compare the port.` };
    case 'tls_instead':
      return {
        code: 'tls_expected',
        text: `${host} speaks TLS: the URL has to begin with https:.`,
      };
    case 'http2_instead':
      return {
        code: 'not_http',
        text: `${host} speaks HTTP/2 alone. Hookline speaks HTTP/1.1: let the receiver accept that as well.`,
      };
    case 'ECONNRESET':
    case 'EPIPE':
    case 'connection_cut': {
      const when = phase === 'reading' ? 'in the middle of its answer' : 'without an answer';
      const hint =
        protocol === 'http:' ? ' If it speaks TLS there, the URL has to begin with https:.' : '';
      return {
        code: 'connection_cut',
        text: `${host} closed the connection ${when}: see its log. ${mayHaveTaken}${hint}`,
      };
    }
    default:
      return { code: 'failed', text: `${capitalized(error)}.` };
  }
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
