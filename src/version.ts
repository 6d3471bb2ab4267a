import { readFileSync } from 'node:fs';

const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The program's own version, as package.json has it. */
export const version = String(Object(file).version);
