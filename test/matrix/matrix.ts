/**
 * `npm run matrix`: replays Hookline's tests against other versions of its brokers, its database and OpenStack's sender,
 * one after the other, and writes what came of it into `docs/versions.md`. It gets the versions itself and takes about
 * five minutes for each.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { replay } from './replay.ts';
import { subjects } from './subjects.ts';
import { withResult } from './table.ts';

const page = resolve(import.meta.dirname, '../../docs/versions.md');
const nameOf = (one: (typeof subjects)[number]): string =>
  `${one.service.toLowerCase()}-${one.version}`;
const usage = `Usage: npm run matrix [-- --only NAME[,NAME…]]\nNames: ${subjects.map(nameOf).join(', ')}\n`;

const { values } = readOptions();
const wanted = values.only?.split(',') ?? subjects.map(nameOf);
const unknown = wanted.filter(name => !subjects.some(one => nameOf(one) === name));
if (unknown.length > 0) refuse(`There is no ${unknown.join(' and no ')}.`);

let failures = 0;
for (const subject of subjects.filter(one => wanted.includes(nameOf(one)))) {
  const name = nameOf(subject);
  process.stdout.write(`${name}: replaying ${subject.tests.join(', ')}\n`);
  const result = await replay(subject, line => process.stdout.write(`  ${line}\n`));
  if ('reason' in result || result.failed > 0) failures += 1;
  process.stdout.write(`${name}: ${JSON.stringify(result)}\n`);
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(page, withResult(await readFile(page, 'utf8'), subject, { date, result }));
}
process.exitCode = failures === 0 ? 0 : 1;

function readOptions(): { readonly values: { readonly only?: string | undefined } } {
  try {
    return parseArgs({ options: { only: { type: 'string' } } });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n${usage}`);
  process.exit(2);
}
