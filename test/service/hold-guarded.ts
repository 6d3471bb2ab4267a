/** A program for tests: runs a command under guard, passes its output on, and waits to be killed. */
import { spawnGuarded } from '../../src/postgres/guarded-process.ts';

const [directory = '', command = '', ...args] = process.argv.slice(2);
const guarded = spawnGuarded(command, args, {
  deathSignal: 'KILL',
  directory,
  onLine: line => process.stdout.write(`${line}\n`),
});
await guarded.exited;
