/** Problems as a page, for people whom a redirect has led to the API with a browser; programs get JSON as ever. */
import type { FastifyInstance } from 'fastify';

import type { Log } from '../../event/log.ts';
import { asProblem, logProblem, sendProblem } from '../http/errors.ts';
import { toProblem } from '../http/problem.ts';
import type { ProblemError } from '../http/problem.ts';

/** For the routes that are registered in the same context. */
export function answerWithPages(app: FastifyInstance, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = asProblem(error, request);
    logProblem(log, { error, problem, request });
    if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return sendProblem(reply, problem);
    return reply
      .code(toProblem(problem).status)
      .headers({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        'x-content-type-options': 'nosniff',
      })
      .type('text/html; charset=utf-8')
      .send(Buffer.from(renderProblem(problem)));
  });
}

function renderProblem(error: ProblemError): string {
  const { title, detail, code } = toProblem(error);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} · Hookline</title>
<h1>${escape(title)}</h1>
<p>${escape(detail)}</p>
<p><code>${escape(code)}</code></p>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What a provider says is not ours: it must stay text. */
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, sign => entities[sign] ?? '');
