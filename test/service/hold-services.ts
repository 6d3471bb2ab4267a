/** A program for tests: starts one of each service, says so, and waits to be killed. */
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitmq } from './rabbitmq.ts';

const own = { own: true, tls: true } as const;
await Promise.all([startPostgres(), startRabbitmq(own), startKafka({ ...own, sasl: true })]);
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
