/**
 * Deliveries at the idle limit of real servers: each keeps an idle connection for a second, and a delivery comes each 0.90 to
 * 1.10 s, beside the server and 25 ms away from it.
 *
 * nginx and HAProxy are Debian's; gunicorn, uvicorn and Hypercorn are installed by pip into `.cache`, in the versions of
 * `web-servers.txt`; Go's server is built by the Go that is installed.
 */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { startDelayLine } from '../service/delay-line.ts';
import { deliverAtIdleLimit } from '../service/idle-limit.ts';
import {
  freePort,
  idleHaproxy,
  idleNginx,
  startProgram,
  type WebServer,
} from '../service/web-server.ts';
import type { Figures } from './report.ts';

const run = promisify(execFile);
const cache = resolve(import.meta.dirname, '../../.cache');
const requirements = resolve(import.meta.dirname, 'web-servers.txt');

/** Ten webhooks with a hundred deliveries each: about two minutes. */
const size = { idleMs: 1_000, webhooks: 10, deliveries: 100 };
const awayMs = 25;

/** @throws Error saying what is missing. */
export async function measureIdleLimit(): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const python = await installPython();
  const go = await buildGo();
  const servers: [name: string, server: WebServer][] = [
    ['nginx', stack.use(await idleNginx())],
    ['HAProxy', stack.use(await idleHaproxy())],
    ['Go', stack.use(await startGo(go))],
  ];
  for (const name of ['gunicorn', 'uvicorn', 'hypercorn'] as const) {
    servers.push([name, stack.use(await startPython(name, python))]);
  }
  const figures = await Promise.all(
    servers.map(async ([name, { port }]) => {
      const line = stack.use(await startDelayLine(port, awayMs));
      return {
        ...(await figuresOf(`idle limit, ${name}`, port, 0)),
        ...(await figuresOf(`idle limit, ${name}, ${awayMs} ms away`, line.port, 2 * awayMs)),
      };
    }),
  );
  return Object.assign({}, ...figures);
}

/** @param tripMs the way there and back, which any request takes. */
async function figuresOf(name: string, port: number, tripMs: number): Promise<Figures> {
  const { delivered, failed, p99Ms } = await deliverAtIdleLimit({ ...size, port });
  const [first] = failed;
  if (first !== undefined) process.stderr.write(`  ${name}: ${first}\n`);
  return {
    [`${name}: delivered`]: delivered,
    [`${name}: failed attempts`]: failed.length,
    [`${name}: p99 of the delay, ms`]: p99Ms - tripMs,
  };
}

const application = `
def wsgi(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
`;

/** The arguments of each: the address, a second of idle time, the application. */
const argumentsOf: Record<'gunicorn' | 'uvicorn' | 'hypercorn', (port: number) => string> = {
  gunicorn: port => `-b 127.0.0.1:${port} -k gthread --threads 64 --keep-alive 1 app:wsgi`,
  uvicorn: port =>
    `--host 127.0.0.1 --port ${port} --timeout-keep-alive 1 --no-access-log app:asgi`,
  hypercorn: port => `-b 127.0.0.1:${port} --keep-alive 1 app:asgi`,
};

async function startPython(name: keyof typeof argumentsOf, path: string): Promise<WebServer> {
  const directory = await mkdtemp(join(tmpdir(), `hookline-${name}-`));
  await writeFile(join(directory, 'app.py'), application);
  const port = await freePort();
  const args = ['-m', name, ...argumentsOf[name](port).split(' ')];
  const env = { ...process.env, PYTHONPATH: `${path}:${directory}` };
  return { port, ...(await startProgram('python3', args, { port, directory, env })) };
}

/** The folder is there whole or not at all. @returns where Python finds the servers. */
async function installPython(): Promise<string> {
  const folder = join(
    cache,
    `web-servers-${hash('sha256', await readFile(requirements), 'hex').slice(0, 12)}`,
  );
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'web-servers-new-'));
  const pip = ['-m', 'pip', 'install', '-q', '--target', fresh, '-r', requirements];
  await run('python3', pip).catch((cause: unknown) => {
    throw new Error(
      'gunicorn, uvicorn and Hypercorn could not be installed: Python 3 with pip is needed (Debian: apt-get install python3-pip)',
      { cause },
    );
  });
  await rename(fresh, folder).catch(async () => rm(fresh, { recursive: true }));
  return folder;
}

const goServer = `package main

import (
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write([]byte("ok"))
	}
	server := &http.Server{Addr: os.Args[1], Handler: http.HandlerFunc(handler), IdleTimeout: time.Second}
	panic(server.ListenAndServe())
}
`;

/** @returns the server's program. */
async function buildGo(): Promise<string> {
  const program = join(cache, `go-server-${hash('sha256', goServer, 'hex').slice(0, 12)}`);
  if (await exists(program)) return program;
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(tmpdir(), 'hookline-go-'));
  try {
    await writeFile(join(directory, 'main.go'), goServer);
    await run('go', ['build', '-o', program, 'main.go'], { cwd: directory });
  } catch (cause) {
    throw new Error(
      "Go's server could not be built: Go is needed (Debian: apt-get install golang-go)",
      { cause },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return program;
}

async function startGo(program: string): Promise<WebServer> {
  const directory = await mkdtemp(join(tmpdir(), 'hookline-go-'));
  const port = await freePort();
  return { port, ...(await startProgram(program, [`127.0.0.1:${port}`], { port, directory })) };
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
