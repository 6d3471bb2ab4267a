/** CloudStack's SDK for Python, `cs`: installed for the tests, and asked by a program of its own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface CsOptions {
  /** `http://127.0.0.1:8080/client/api`. */
  readonly endpoint: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly method: 'get' | 'post';
}

/** What the SDK gave, or the error it raised. */
export interface CsAnswer {
  readonly value?: unknown;
  readonly status?: number;
  readonly error?: unknown;
}

export interface Cs extends AsyncDisposable {
  /** @param fetchList all pages of a list, as the SDK reads them. */
  ask(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    fetchList?: boolean,
  ): Promise<CsAnswer>;
}

const run = promisify(execFile);

const version = '5.2.0';
/** All of them, so that every run has the same. */
const requirements = [
  `cs==${version}`,
  'requests==2.34.2',
  'certifi==2026.10.18',
  'charset-normalizer==3.5.2',
  'idna==3.20',
  'urllib3==2.8.0',
];
const cache = resolve(import.meta.dirname, '../../.cache');
const driver = join(import.meta.dirname, 'cs-driver.py');

/** @throws Error saying what to install. */
export async function openCs({ endpoint, apiKey, secretKey, method }: CsOptions): Promise<Cs> {
  const packages = await findCs();
  const child = spawn('python3', [driver], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PYTHONPATH: packages,
      PYTHONDONTWRITEBYTECODE: '1',
      CLOUDSTACK_ENDPOINT: endpoint,
      CLOUDSTACK_KEY: apiKey,
      CLOUDSTACK_SECRET: secretKey,
      CLOUDSTACK_METHOD: method,
    },
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (command, args = {}, fetchList = false) => {
      child.stdin.write(`${JSON.stringify({ command, args, fetchList })}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`the SDK ended instead of answering ${command}`);
      const answer: CsAnswer = JSON.parse(line.value);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The folder of the packages is there whole or not at all, also when several runs fetch them at once. */
async function findCs(): Promise<string> {
  const folder = join(cache, `cs-${version}`);
  if (await exists(folder)) return folder;
  process.stderr.write(`Fetching cs ${version} by pip…\n`);
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'cs-draft-'));
  try {
    const options = [
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--target',
      join(draft, 'packages'),
    ];
    await run('python3', ['-m', 'pip', 'install', ...options, ...requirements]);
    await rename(join(draft, 'packages'), folder);
  } catch (error) {
    if (!(await exists(folder))) throw missing(error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

function missing(cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    'There is no SDK of CloudStack for the tests: it takes Python 3.10 or newer with pip ' +
      `(Debian: apt-get install python3-pip). ${reason}`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
