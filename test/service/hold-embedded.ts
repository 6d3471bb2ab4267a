/** A program for tests: runs the embedded PostgreSQL of the directory it is given, says where, and waits to be killed. */
import { openEmbeddedPostgres } from '../../src/postgres/embedded.ts';

const [dataDir = ''] = process.argv.slice(2);
const embedded = await openEmbeddedPostgres({ dataDir });
process.stdout.write(`${embedded.url}\n`);
setInterval(() => undefined, 60_000);
