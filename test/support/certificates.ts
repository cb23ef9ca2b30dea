import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';
import type { Tls } from './http.ts';
import { aptInstall, findCommand } from './install.ts';

const run = promisify(execFile);

/** Of a certificate authority that nobody trusts but who is told its file. */
export interface Certificates {
  caFile: string;
  keyFile: string;
  certFile: string;
  /** key and certificate for a server of our own */
  tls: Tls;
}

// No wildcard: Synapse refuses "*.localhost".
const names = ['localhost', 'alpha.localhost', 'beta.localhost', 'is1.localhost', 'is2.localhost'];

const config = `[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = homeward-test
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = ${names.map((name) => `DNS:${name}`).join(', ')}, IP:127.0.0.1
`;

/**
 * Of the same authority for all runs of a month on this machine.
 *
 * @param root where to keep them
 */
export async function makeCertificates(root = cacheFolder('certificates')): Promise<Certificates> {
  const hash = crypto.createHash('sha256').update(config).digest('hex').slice(0, 16);
  // They outlive their month by far, so nobody is left with one that ends.
  const folder = path.join(root, `${new Date().toISOString().slice(0, 7)}-${hash}`);
  if (!fs.existsSync(folder)) await makeIn(folder);
  const [keyFile, certFile] = [path.join(folder, 'server.key'), path.join(folder, 'server.crt')];
  const tls = { key: fs.readFileSync(keyFile, 'utf8'), cert: fs.readFileSync(certFile, 'utf8') };
  return { caFile: path.join(folder, 'ca.crt'), keyFile, certFile, tls };
}

async function makeIn(folder: string): Promise<void> {
  const made = fs.mkdtempSync(`${folder}.new-`);
  try {
    await fill(made);
    fs.renameSync(made, folder);
  } catch (error) {
    fs.rmSync(made, { recursive: true, force: true });
    // Another process may have been faster.
    if (!fs.existsSync(folder)) throw error;
  }
}

async function fill(folder: string): Promise<void> {
  const openssl = await opensslPath();
  const at = (file: string) => path.join(folder, file);
  const [caKey, caFile, settings, request] = [
    at('ca.key'),
    at('ca.crt'),
    at('openssl.cnf'),
    at('server.csr'),
  ];
  fs.writeFileSync(settings, config);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-config', settings];
  const days = ['-days', '90'];
  await run(openssl, ['req', '-x509', ...newKey, ...days, '-keyout', caKey, '-out', caFile]);
  const subject = ['-subj', '/CN=localhost'];
  await run(openssl, ['req', ...newKey, ...subject, '-keyout', at('server.key'), '-out', request]);
  const authority = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial'];
  const extensions = ['-extfile', settings, '-extensions', 'server'];
  const signing = ['x509', '-req', '-in', request, ...authority, ...days, ...extensions];
  await run(openssl, [...signing, '-out', at('server.crt')]);
  // So nothing else is ever signed with it.
  fs.rmSync(caKey);
}

async function opensslPath(): Promise<string> {
  const find = () => findCommand(['openssl']);
  const openssl = find() ?? (await aptInstall(['openssl'], find));
  if (openssl) return openssl;
  throw new Error(
    'The tests make certificates and need the command openssl. ' +
      'Debian and Ubuntu: apt-get install --no-install-recommends openssl',
  );
}
