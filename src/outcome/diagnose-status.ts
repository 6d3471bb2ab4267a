/**
 * Explains a response that is no success.
 *
 * Source: RFC 9110 section 15, RFC 6585, RFC 8470 (425); the pages that nginx, Apache httpd and Go's net/http answer with.
 */
import { mayHaveTaken, type Diagnosis, type Symptoms } from './symptoms.ts';

export function diagnoseStatus(symptoms: Symptoms, status: number): Diagnosis {
  const { responseBody = '' } = symptoms;
  if (status === 400 && plainToTls.test(responseBody)) {
    return {
      code: 'tls_expected',
      text: 'The receiver speaks TLS at this port: the URL has to begin with https:.',
    };
  }
  if (status === 400 && wantsCertificate.test(responseBody)) {
    return { code: 'client_certificate_refused', text: clientCertificateText(symptoms) };
  }
  if (redirects.has(status)) return diagnoseRedirect(symptoms, status);
  const known = hints[status] ?? (status >= 500 ? ownProblem : undefined);
  const hint = typeof known === 'function' ? known(symptoms) : known;
  return {
    code: 'status',
    text: `The receiver answered with status ${status}.${hint === undefined ? '' : ` ${hint}`}`,
  };
}

/** What a tenant can do where a receiver wants a certificate of its clients. */
export function clientCertificateText({ url }: Pick<Symptoms, 'url'>): string {
  return `${new URL(url).host} wants a client certificate that it trusts. The operator of Hookline configures one for all webhooks (egress.tls.certFile); otherwise let the receiver do without, and check the signature instead.`;
}

const plainToTls =
  /plain HTTP (request was sent to HTTPS|to an SSL)|HTTP request to an HTTPS server/i;
const wantsCertificate = /required SSL certificate was sent|SSL certificate error/i;
const redirects: ReadonlySet<number> = new Set([300, 301, 302, 303, 305, 307, 308]);

function diagnoseRedirect({ url, location }: Symptoms, status: number): Diagnosis {
  const never = 'Redirects are never followed';
  if (location === undefined) {
    return {
      code: 'redirect',
      text: `The receiver redirects with status ${status}, and does not say where to. ${never}: look at its configuration.`,
    };
  }
  const target = URL.parse(location, url);
  const isSlash = target?.href === `${url}/`;
  const use = isSlash
    ? 'only the slash at the end of the payload URL is missing'
    : 'use that as the payload URL if it is right';
  return {
    code: 'redirect',
    text: `The receiver redirects to ${target?.href ?? location} with status ${status}. ${never}: ${use}.`,
  };
}

const ownProblem = 'It has a problem of its own: see its log.';
const cannotDo = 'Its server does not do what any HTTP/1.1 server has to';
const proxyHint = 'Something in front of the receiver answered, for the receiver itself did not';

type Hint = string | ((symptoms: Symptoms) => string);

const hints: Readonly<Record<number, Hint>> = {
  304: 'That answers a question that nobody asked: a cache in front of it must leave POST alone.',
  400: ({ isCompressed }) =>
    isCompressed
      ? 'It does not understand the body or a header. The body is compressed: many servers do not unpack requests; set gzip to false.'
      : 'It does not understand the body or a header: compare the webhook’s format with what it expects.',
  401: 'It wants credentials, or does not accept the signature: compare the secrets.',
  402: 'It wants to be paid: look at the account with its provider.',
  403: ({ protocol }) =>
    `It refuses the request: compare the secrets, and its rules for who may call it.${protocol === 'TLSv1.3' ? ' A server that asks for a client certificate at some paths only answers so over TLS 1.3: let it ask at all paths, or speak TLS 1.2.' : ''}`,
  404: 'There is nothing at this path.',
  405: 'This path does not accept POST.',
  406: 'It has no answer of a kind that is wanted, though any is: look at its rules for the header Accept.',
  407: 'A proxy in front of it wants a password of its own, which Hookline cannot give: let the proxy pass requests on to the receiver without one.',
  408: `It waited too long for the request. ${mayHaveTaken}`,
  409: 'It holds the event for a repetition or a conflict. If it knew the webhook-id, it should answer 200.',
  410: 'It says it is gone for good; a real delivery would disable the webhook.',
  411: `${cannotDo}: the length of the request was stated. Look for a proxy that takes it away.`,
  412: 'It wants a condition that Hookline does not state: look at its rules for headers.',
  413: 'It does not accept a body of this size: raise its limit, or let less go in one request (batch.bytesMax).',
  414: 'The URL is too long for it.',
  415: ({ contentType = 'this content type', isCompressed }) =>
    isCompressed
      ? `It does not accept ${contentType}, or does not accept it compressed: set gzip to false, or choose another format.`
      : `It does not accept ${contentType}: choose another format.`,
  417: `${cannotDo}: no expectation was stated. Look for a proxy that adds one.`,
  421: 'Its server does not serve this host name here: the certificate of another host may have been used. Compare host name and address.',
  422: 'It understands the body, and not what it says: compare the webhook’s format with what it expects.',
  423: 'It is locked at the moment.',
  424: 'Something that it depends on failed: see its log.',
  425: 'It does not take requests so early in a TLS connection, though this was none: look for a proxy that sends early data.',
  426: 'It wants another protocol, perhaps HTTP/2 or TLS alone. Hookline speaks HTTP/1.1: let it accept that.',
  428: 'It wants requests with conditions, which Hookline does not state: look at its rules for headers.',
  429: 'It gets too many requests. Deliveries wait for as long as it asks; ratePerSecondMax or concurrencyMax keep them below its limit.',
  431: 'The headers are too large for it: shorten the webhook’s own headers, or raise its limit.',
  451: 'It may not take the request, for legal reasons.',
  501: `${cannotDo}: POST is not implemented there. Compare the path.`,
  502: `${proxyHint}: see whether it runs. ${mayHaveTaken}`,
  503: 'It cannot take requests now: it restarts, or gets too many. See its log; ratePerSecondMax or concurrencyMax keep deliveries below a limit.',
  504: `${proxyHint} in time. Answer first and work afterwards, or raise the proxy's time limit. ${mayHaveTaken}`,
  505: `${cannotDo}: HTTP/1.1 was spoken. Look for a proxy that speaks another version to it.`,
  507: 'It has no space left.',
  508: 'It found itself in a circle of requests: see its configuration.',
  511: 'A network wants a log-in before it lets requests through: the operator of Hookline has to log its machine in.',
};
