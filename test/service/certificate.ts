/** Certificate authorities of our own and a certificate that one signed, for 127.0.0.1 and localhost, made by openssl. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** All PEM. */
export interface Certificate {
  readonly ca: string;
  /** With that of the issuing authority after it, where there is one. */
  readonly cert: string;
  /** The server's own, alone. */
  readonly leaf: string;
  /** The authority that signed it: `ca`, or one below that where it was asked for. */
  readonly issuing: string;
  /** PKCS #8, not encrypted. */
  readonly key: string;
  /** Of the authority, whose certificate it signed itself. */
  readonly caKey: string;
}

const run = promisify(execFile);
const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

export interface CertificateOptions {
  /** From now; a negative number makes one that has expired. */
  readonly days?: number;
  /** As openssl's subjectAltName spells them. */
  readonly names?: string;
  /** As openssl's extendedKeyUsage spells it; none by default, which is any. */
  readonly usage?: string;
  /** Whether another authority stands between the one that signed itself and the certificate. */
  readonly isIssued?: boolean;
}

/** @throws Error saying that openssl is missing. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const { days = 30, names = 'IP:127.0.0.1,DNS:localhost', usage, isIssued = false } = options;
  const extensions = [`subjectAltName=${names}`, ...(usage ? [`extendedKeyUsage=${usage}`] : [])];
  const directory = await mkdtemp(join(tmpdir(), 'hookline-certificate-'));
  const openssl = async (args: string): Promise<void> => runOpenssl(args, directory);
  try {
    await writeFile(join(directory, 'san'), `${extensions.join('\n')}\n`);
    await openssl(`req -x509 ${newKey} -subj /CN=hookline-test -keyout ca.key -out ca.crt`);
    await openssl(`req -new ${newKey} -subj /CN=localhost -keyout server.key -out server.csr`);
    const issuer = isIssued ? 'issuing' : 'ca';
    if (isIssued) {
      await writeFile(join(directory, 'authority'), 'basicConstraints=critical,CA:TRUE\n');
      await openssl(`req -new ${newKey} -subj /CN=issuing -keyout issuing.key -out issuing.csr`);
      await openssl(
        'x509 -req -in issuing.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile authority -days 30 -out issuing.crt',
      );
    }
    await openssl(
      `x509 -req -in server.csr -CA ${issuer}.crt -CAkey ${issuer}.key -CAcreateserial -extfile san -days ${days} -out server.crt`,
    );
    const read = async (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
    const [ca, caKey, cert, key] = await Promise.all([
      read('ca.crt'),
      read('ca.key'),
      read('server.crt'),
      read('server.key'),
    ]);
    if (!isIssued) return { ca, caKey, cert, key, leaf: cert, issuing: ca };
    const issuing = await read('issuing.crt');
    return { ca, caKey, cert: `${cert}${issuing}`, key, leaf: cert, issuing };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runOpenssl(args: string, cwd: string): Promise<void> {
  try {
    await run('openssl', args.split(' '), { cwd });
  } catch (cause) {
    throw new Error('No test certificate could be made: install openssl', { cause });
  }
}
