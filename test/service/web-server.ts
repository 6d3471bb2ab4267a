/** nginx and HAProxy as Debian packages them, each started with a configuration of the test's own. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installFromDebian, which } from './debian-package.ts';
import { waitUntil } from './wait-until.ts';

export interface WebServer extends AsyncDisposable {
  readonly port: number;
  /** Everything that it has written to its output. */
  log(): string;
}

type Program = 'nginx' | 'haproxy';

/**
 * Starts one.
 *
 * @param configure makes its configuration. @param directory for what it writes.
 * @param files written into the directory beforehand, by name.
 * @throws Error saying what to install, or what it says when it does not start.
 */
export async function startWebServer(
  program: Program,
  configure: (port: number, directory: string) => string,
  files: Readonly<Record<string, string>> = {},
): Promise<WebServer> {
  const path = await findProgram(program);
  const directory = await mkdtemp(join(tmpdir(), `hookline-${program}-`));
  const port = await freePort();
  const file = join(directory, 'config');
  const all = { ...files, config: configure(port, directory) };
  for (const [name, text] of Object.entries(all)) await writeFile(join(directory, name), text);
  const args =
    program === 'nginx' ? ['-e', 'stderr', '-p', directory, '-c', file] : ['-db', '-f', file];
  return { port, ...(await startProgram(path, args, { port, directory })) };
}

/** What every configuration of nginx begins with: one process in the foreground that leaves the system's files alone. */
export const nginxWith = (directory: string, http: string): string => `
daemon off;
master_process off;
error_log stderr error;
pid ${directory}/pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  ${http}
}`;

/** nginx that answers 200, and keeps an idle connection for a second. */
export const idleNginx = async (): Promise<WebServer> =>
  startWebServer('nginx', (port, directory) =>
    nginxWith(
      directory,
      `keepalive_timeout 1s; server { listen 127.0.0.1:${port}; location / { return 200; } }`,
    ),
  );

/** HAProxy that does the same. */
export const idleHaproxy = async (): Promise<WebServer> =>
  startWebServer(
    'haproxy',
    port => `defaults
  mode http
  timeout client 30s
  timeout http-keep-alive 1s
frontend f
  bind 127.0.0.1:${port}
  http-request return status 200
`,
  );

interface RunningProgram extends AsyncDisposable {
  log(): string;
}

export interface ProgramPlace {
  /** Where it listens, of 127.0.0.1. */
  readonly port: number;
  /** Its working directory. */
  readonly directory: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts any server, waits until its port answers, and deletes the directory when it has ended. */
export async function startProgram(
  path: string,
  args: readonly string[],
  { port, directory, env }: ProgramPlace,
): Promise<RunningProgram> {
  const child = spawn(path, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(hard);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitUntil(`${path} to listen`, async () => {
      if (child.exitCode !== null) throw new Error(`${path} ended: ${log}`);
      return answers(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { log: () => log, [Symbol.asyncDispose]: stop };
}

async function findProgram(program: Program): Promise<string> {
  const installed = await look(program);
  if (installed !== undefined) return installed;
  const reason = await installFromDebian(program, [`${program}.service`]);
  const found = await look(program);
  if (found !== undefined) return found;
  throw new Error(
    `There is no ${program} for the tests. Install it (Debian: apt-get install ${program}). ${reason}`,
  );
}

/** Debian has both among the programs of the administrator. */
const look = async (program: Program): Promise<string | undefined> =>
  (await which(program)) ?? (await which(`/usr/sbin/${program}`));

async function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
