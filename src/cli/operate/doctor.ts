/** `hookline doctor` */
import { InvalidArgumentError } from 'commander';

import type { Finding } from '../../event/finding.ts';
import { defineCommand } from '../command/definition.ts';
import { configFor, isJson } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { safe, showTable } from '../terminal/show.ts';

export const doctorCommand = defineCommand({
  words: 'doctor',
  about:
    'check everything the configuration names, without changing it, and report what is wrong and what to do; fails when a check does',
  options: {
    url: {
      usage: '--url <url>  also check whether deliveries to this URL are allowed and possible',
      parse: parseUrl,
    },
  },
  run: async (context, { url }) => {
    const { io, actions } = context;
    const findings = await actions.doctor(configFor(context), url);
    io.out(isJson(context) ? toJson(findings) : showFindings(findings, io.columns));
    const failed = findings.filter(({ state }) => state === 'fail').length;
    if (failed > 0) {
      throw new CommandError(`${failed} of ${findings.length} checks failed.`, {
        code: 'checks_failed',
      });
    }
  },
});

const toJson = (findings: readonly Finding[]): string => JSON.stringify(findings, null, 2);

/** Lays findings out beside their checks, without cutting them off, each hint below its finding. */
function showFindings(findings: readonly Finding[], width: number | undefined): string {
  const rows = findings.map(({ state, check }) => ({ state, check }));
  const [title = '', ...lines] = showTable(rows, 'state check').split('\n');
  const indent = Math.max(title.length, ...lines.map(line => line.length)) + 2;
  const room = Math.max(30, (width ?? Infinity) - indent);
  const beside = (text: string): string[] => wrap(safe(text), room);
  return findings
    .flatMap(({ found, hint }, index) => {
      const [first = '', ...more] = [
        ...beside(found),
        ...(hint === undefined ? [] : beside(`→ ${hint}`)),
      ];
      return [
        `${(lines[index] ?? '').padEnd(indent)}${first}`,
        ...more.map(line => `${' '.repeat(indent)}${line}`),
      ];
    })
    .join('\n');
}

/** Breaks a text into lines of a maximum width; a longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function parseUrl(text: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new InvalidArgumentError('expected an http or https URL');
}
