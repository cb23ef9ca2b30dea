import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Certificates } from './certificates.ts';
import { bringUp, freePort, logFile, type Prepared, type Running } from './server-process.ts';

/** What lets a Synapse deal with identity servers. */
export interface Identity {
  certificates: Certificates;
  /** where it sends its own mail */
  smtpPort: number;
}

export interface Place extends Prepared {
  port: number;
  serverName: string;
}

export interface SynapseProcess {
  python: string;
  name: string;
  /** What it says that its URL is; default the real one. */
  publicUrl?: string | undefined;
  identity?: Identity | undefined;
}

export async function bringUpSynapse({
  python,
  name,
  publicUrl,
  identity,
}: SynapseProcess): Promise<Running<Place>> {
  const program = { python, module: 'synapse.app.homeserver', kind: 'Synapse', name };
  return bringUp(program, async (folder) => {
    const port = await freePort();
    const own = settings(port, publicUrl ?? `http://${name}.localhost:${port}/`);
    const tlsPort = identity && (await freePort());
    // Whoever asks the server itself goes by its name, and Python does not resolve *.localhost.
    const serverName = tlsPort === undefined ? `${name}.localhost` : `localhost:${tlsPort}`;
    const more = identity && tlsPort ? identitySettings(identity, tlsPort, own.listeners) : {};
    const config = writeConfig(folder, { ...own, server_name: serverName, ...more });
    return {
      port,
      serverName,
      args: ['--config-path', config],
      // Only for identity servers: the setting for federation does not cover them.
      env: identity ? { SSL_CERT_FILE: identity.certificates.caFile } : {},
      health: `http://127.0.0.1:${port}/health`,
    };
  });
}

/** JSON is YAML too, and needs no thought about quoting. */
function writeConfig(folder: string, config: Record<string, unknown>): string {
  const at = (file: string) => path.join(folder, file);
  const write = (file: string, text: string) => fs.writeFileSync(at(file), text);
  const seed = crypto.randomBytes(32).toString('base64').replace(/=+$/, '');
  // What --generate-keys would make, without another start of Python.
  write('signing.key', `ed25519 a_test ${seed}\n`);
  write('homeserver.yaml', JSON.stringify({ ...config, ...files(at) }));
  const handler = { class: 'logging.FileHandler', filename: logFile(folder), formatter: 'line' };
  const format = '%(asctime)s %(levelname)s %(name)s %(message)s';
  write(
    'log.yaml',
    JSON.stringify({
      version: 1,
      formatters: { line: { format } },
      handlers: { file: handler },
      root: { level: 'INFO', handlers: ['file'] },
      disable_existing_loggers: false,
    }),
  );
  return at('homeserver.yaml');
}

function files(at: (file: string) => string): Record<string, unknown> {
  return {
    pid_file: at('homeserver.pid'),
    database: { name: 'sqlite3', args: { database: at('homeserver.db') } },
    log_config: at('log.yaml'),
    media_store_path: at('media'),
    signing_key_path: at('signing.key'),
  };
}

const free = { per_second: 10_000, burst_count: 10_000 };

function listener(port: number, tls: boolean, names: string[]): object {
  return { port, bind_addresses: ['127.0.0.1'], type: 'http', tls, resources: [{ names, compress: false }] };
}

function settings(port: number, publicUrl: string) {
  return {
    // With it the login answer has `well_known`.
    public_baseurl: publicUrl,
    listeners: [listener(port, false, ['client', 'media'])],
    // Nothing federates: ask no other server anything.
    federation_domain_whitelist: [],
    trusted_key_servers: [],
    report_stats: false,
    macaroon_secret_key: 'test',
    form_secret: 'test',
    enable_registration: true,
    enable_registration_without_verification: true,
    bcrypt_rounds: 4,
    presence: { enabled: false },
    rc_login: { address: free, account: free, failed_attempts: free },
    rc_message: free,
    rc_registration: free,
    rc_room_creation: free,
    rc_joins: { local: free, remote: free },
    rc_joins_per_room: free,
    rc_invites: { per_room: free, per_user: free, per_issuer: free },
    rc_media_create: free,
    rc_key_requests: free,
    rc_user_directory: free,
    rc_profile: free,
    rc_presence: { per_user: free },
  };
}

function identitySettings(
  { certificates, smtpPort }: Identity,
  tlsPort: number,
  listeners: object[],
): Record<string, unknown> {
  const mail = { smtp_host: '127.0.0.1', smtp_port: smtpPort, enable_tls: false };
  return {
    // Identity servers ask there whose an OpenID token is, and for the key of a signature.
    listeners: [...listeners, listener(tlsPort, true, ['federation', 'openid', 'keys'])],
    tls_certificate_path: certificates.certFile,
    tls_private_key_path: certificates.keyFile,
    federation_custom_ca_list: [certificates.caFile],
    ip_range_whitelist: ['127.0.0.0/8', '::1/128'],
    email: { ...mail, notif_from: 'homeserver <homeserver@localhost>' },
    rc_3pid_validation: free,
    rc_third_party_invite: free,
  };
}
