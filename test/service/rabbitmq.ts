/**
 * A real RabbitMQ: the first to be had of the one HOOKLINE_TEST_AMQP_URL names, one in a container, one of programs
 * installed here, and one of Debian's packages, which are installed then.
 *
 * Source: rabbitmq.com, "Configuration", "File and Directory Locations"; Erlang/OTP `epmd`.
 */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { connect } from 'amqplib';

import { type GuardedProcess, spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { findEngine, runContainer } from './container.ts';
import {
  findRabbitmqPrograms,
  type RabbitmqPrograms,
  unpackedRabbitmq,
} from './rabbitmq-programs.ts';
import {
  foreignService,
  inNewDirectory,
  reservePort,
  type Service,
  startService,
} from './service.ts';

/**
 * `kill` may lose exchanges, queues and bindings declared within the last seconds: RabbitMQ writes them to its disk
 * later than it says. Persistent messages it has confirmed are kept.
 */
export interface Rabbitmq extends Service {
  /** `amqp://user:password@127.0.0.1:port`, virtual host `/`. */
  readonly url: string;
  /** With the option `tls`: the same broker by TLS, and the authority (PEM) that vouches for it. */
  readonly tls?: { readonly url: string; readonly certificate: Certificate };
  /** With the option `management`: the URL of its management API, with user and password. */
  readonly managementUrl?: string;
}

export interface RabbitmqOptions {
  readonly tls?: boolean;
  /** One whose management plugin is enabled. */
  readonly management?: boolean;
  /** One that can be stopped and started: the broker of the environment will not do. */
  readonly own?: boolean;
}

interface Layout {
  readonly home: string;
  readonly password: string;
  readonly ports: Readonly<
    Record<'plain' | 'tls' | 'epmd' | 'distribution' | 'management', number>
  >;
  readonly certificate: Certificate | undefined;
  readonly isManaged: boolean;
}

const image = 'rabbitmq:4';
const user = 'hookline';
const readyDeadlineMs = 60_000;

/** @throws Error saying what to install where there is none to be had. */
export async function startRabbitmq(options: RabbitmqOptions = {}): Promise<Rabbitmq> {
  const given = process.env['HOOKLINE_TEST_AMQP_URL'];
  const { tls = false, own = false, management: isManaged = false } = options;
  if (given !== undefined && given !== '' && !tls && !own && !isManaged) {
    return { url: given, ...foreignService('the RabbitMQ of HOOKLINE_TEST_AMQP_URL') };
  }
  const certificate = tls ? await makeCertificate({ isIssued: true }) : undefined;
  const unpacked = unpackedRabbitmq();
  const engine = unpacked ? undefined : await findEngine(image);
  const programs = engine === undefined ? (unpacked ?? (await findRabbitmqPrograms())) : undefined;
  return inNewDirectory('rabbitmq', programs?.user, async home => {
    const layout: Layout = {
      home,
      password: randomBytes(12).toString('hex'),
      ports: {
        plain: await reservePort(),
        tls: await reservePort(),
        epmd: await reservePort(),
        distribution: await reservePort(),
        management: await reservePort(),
      },
      certificate,
      isManaged,
    };
    await writeFiles(layout, programs, engine === undefined ? '127.0.0.1' : '0.0.0.0');
    const spawn = (): GuardedProcess =>
      programs ? spawnPrograms(programs, layout) : spawnContainer(engine ?? 'docker', layout);
    return startIn(layout, spawn);
  });
}

async function startIn(layout: Layout, spawn: () => GuardedProcess): Promise<Rabbitmq> {
  const { ports, password, certificate, isManaged } = layout;
  const url = `amqp://${user}:${password}@127.0.0.1:${ports.plain}`;
  const launch = async (): Promise<GuardedProcess> => {
    const broker = spawn();
    await untilReady(broker, url);
    return broker;
  };
  const service = await startService({ launch, signal: 'SIGTERM' });
  const authority = (port: number) => `${user}:${password}@127.0.0.1:${port}`;
  return {
    ...service,
    url,
    ...(certificate && {
      tls: { url: `amqps://${authority(ports.tls)}`, certificate },
    }),
    ...(isManaged && { managementUrl: `http://${authority(ports.management)}` }),
  };
}

async function untilReady(broker: GuardedProcess, url: string): Promise<void> {
  const deadline = Date.now() + readyDeadlineMs;
  let ended: string | undefined;
  void broker.exited.then(how => (ended = how));
  while (!(await answers(url))) {
    if (ended !== undefined || Date.now() > deadline) {
      await broker.stop({ signal: 'SIGKILL', deadlineMs: 1_000 });
      throw new Error(`RabbitMQ did not start (${ended ?? 'too slow'}):\n${broker.lastOutput()}`);
    }
    await wait(50);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await connect(url)).close();
    return true;
  } catch {
    return false;
  }
}

async function writeFiles(
  { home, password, ports, certificate, isManaged }: Layout,
  programs: RabbitmqPrograms | undefined,
  host: string,
): Promise<void> {
  const settings = [
    `listeners.tcp.1 = ${host}:${ports.plain}`,
    `default_user = ${user}`,
    `default_pass = ${password}`,
    'loopback_users = none',
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    ...(isManaged
      ? [`management.tcp.port = ${ports.management}`, `management.tcp.ip = ${host}`]
      : []),
    ...(certificate
      ? [
          `listeners.ssl.1 = ${host}:${ports.tls}`,
          `ssl_options.cacertfile = ${home}/ca.crt`,
          `ssl_options.certfile = ${home}/server.crt`,
          `ssl_options.keyfile = ${home}/server.key`,
        ]
      : []),
  ];
  const files: [string, string][] = [
    ['rabbitmq.conf', `${settings.join('\n')}\n`],
    ['enabled_plugins', isManaged ? '[rabbitmq_management].\n' : '[].\n'],
    ['rabbitmq-env.conf', ''],
    ['ca.crt', certificate?.ca ?? ''],
    ['server.crt', certificate?.cert ?? ''],
    ['server.key', certificate?.key ?? ''],
  ];
  for (const [name, text] of files) await writeFile(join(home, name), text);
  for (const name of ['mnesia', 'log']) {
    await mkdir(join(home, name));
    if (programs?.user) await chown(join(home, name), programs.user.uid, programs.user.gid);
  }
}

/**
 * The broker finds its own epmd, Erlang's port mapper, running already; otherwise it would start one as a daemon, which
 * would outlive it. With RUNNING_UNDER_SYSTEMD the start script becomes the broker instead of waiting beside it.
 */
function spawnPrograms(programs: RabbitmqPrograms, { home, ports }: Layout): GuardedProcess {
  const script = `"$1" -address 127.0.0.1 -port ${ports.epmd} & exec "$2"`;
  const command = ['sh', '-c', script, 'sh', programs.epmd, programs.server];
  const { root, user: owner } = programs;
  const [first = '', ...rest] = root === undefined ? command : [...inside(root, owner), ...command];
  return spawnGuarded(first, rest, {
    deathSignal: 'KILL',
    directory: home,
    // What changes its root directory changes its user afterwards.
    ...(owner && root === undefined ? { user: owner } : {}),
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      LANG: 'C.UTF-8',
      ERL_EPMD_PORT: String(ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_NODENAME: `hookline-${ports.plain}@localhost`,
      RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
      RABBITMQ_LOG_BASE: join(home, 'log'),
      // Schedulers that spin while they wait take the processor from what is tested.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
    },
  });
}

/**
 * Words before a command that run it with another root directory, as that user. The mounts are seen by it alone and end
 * with it.
 */
function inside(root: string, owner: RabbitmqPrograms['user']): readonly string[] {
  const mounts = ['/proc', '/dev', '/tmp'].map(path => `mount --rbind ${path} "$1${path}"`);
  const script = [...mounts, 'root=$1', 'user=$2', 'shift 2', 'exec chroot "$user" "$root" "$@"'];
  const names = [root, `--userspec=${owner?.uid}:${owner?.gid}`];
  return ['unshare', '--mount', 'sh', '-e', '-c', script.join('\n'), 'sh', ...names];
}

function spawnContainer(
  engine: string,
  { home, ports, certificate, isManaged }: Layout,
): GuardedProcess {
  const env = [
    `HOME=${home}`,
    'RABBITMQ_NODENAME=hookline@localhost',
    `RABBITMQ_CONFIG_FILE=${home}/rabbitmq.conf`,
    `RABBITMQ_ENABLED_PLUGINS_FILE=${home}/enabled_plugins`,
    `RABBITMQ_MNESIA_BASE=${home}/mnesia`,
    `RABBITMQ_LOG_BASE=${home}/log`,
  ];
  return runContainer({
    engine,
    image,
    directory: home,
    ports: [
      ports.plain,
      ...(certificate ? [ports.tls] : []),
      ...(isManaged ? [ports.management] : []),
    ],
    script: `export ${env.join(' ')}; exec rabbitmq-server`,
  });
}
