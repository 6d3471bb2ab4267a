/** OpenStack services that keep notifying, by OpenStack's own publisher: see notify_steadily.py. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { installOslo } from './oslo.ts';

export interface OsloService {
  readonly exchange: string;
  readonly topics: readonly string[];
  /** `amqp_durable_queues`. */
  readonly durable: boolean;
}

/** One notification that the broker has confirmed. */
export interface Confirmed {
  /** Name of the service's exchange. */
  readonly service: string;
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface OsloServices extends AsyncDisposable {
  readonly confirmed: readonly Confirmed[];
  /** Lets each service finish its present notification, and end. */
  stop(): Promise<void>;
}

const script = resolve(import.meta.dirname, 'notify_steadily.py');

/** @param url of the transport: `rabbit://…`. */
export async function startOsloServices(
  url: string,
  services: readonly OsloService[],
  perSecond: number,
): Promise<OsloServices> {
  const libraries = await installOslo();
  const python = spawn('python3', [script], {
    env: { ...process.env, PYTHONPATH: libraries, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((done, failed) => {
    python.once('error', failed);
    python.once('close', () => done());
  });
  const confirmed: Confirmed[] = [];
  createInterface(python.stdout).on('line', line => confirmed.push(JSON.parse(line)));
  python.stdin.write(`${JSON.stringify({ url, perSecond, services })}\n`);
  const stop = async (): Promise<void> => {
    python.stdin.end();
    await ended;
  };
  return {
    confirmed,
    stop,
    [Symbol.asyncDispose]: async () => {
      python.kill('SIGKILL');
      await ended;
    },
  };
}
