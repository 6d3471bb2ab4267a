/** `hookline doctor` */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

import type { Finding } from '../../event/finding.ts';
import { configFor, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { safe, showTable } from '../terminal/show.ts';

export function addDoctorCommand(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description(
      'look at everything the configuration names, change nothing, and say what is wrong and what to do; fails when something is',
    )
    .option('--url <url>', "also say whether a webhook's deliveries may and can go there", parseUrl)
    .action(async ({ url }: { url?: URL }, command: Command) => {
      const findings = await cli.actions.doctor(configFor(cli, command), url);
      if (sharedOptions(command).json === true) cli.io.out(JSON.stringify(findings, null, 2));
      else cli.io.out(showFindings(findings, cli.io.columns));
      const failed = findings.filter(({ state }) => state === 'fail').length;
      if (failed > 0) {
        throw new CommandError(`${failed} of ${findings.length} checks failed.`, {
          code: 'checks_failed',
        });
      }
    });
}

/** What was found is never cut off, and what to do about it stands below. */
function showFindings(findings: readonly Finding[], width: number | undefined): string {
  const rows = findings.map(({ state, check }) => ({ state, check }));
  const [title = '', ...lines] = showTable(
    rows,
    ['state', 'check'].map(field => ({ field })),
  ).split('\n');
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

/** Lines of at most so many columns; a longer word has a line of its own. */
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
