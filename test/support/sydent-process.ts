import fs from 'node:fs';
import path from 'node:path';
import { bringUp, freePort, type Prepared, type Running } from './server-process.ts';

export interface Sydent {
  python: string;
  /** of its mails */
  templates: string;
  name: string;
  /** What clients call it: homeservers sign for that name, and it accepts no other. */
  idServer: string;
  smtpPort: number;
  /** URL of the policy that one must accept; null: none */
  policy: string | null;
}

export interface Place extends Prepared {
  port: number;
}

export async function bringUpSydent(options: Sydent): Promise<Running<Place>> {
  const { python, name } = options;
  return bringUp({ python, module: 'sydent.sydent', kind: 'Sydent', name }, async (folder) => {
    const port = await freePort();
    return {
      port,
      args: [],
      env: { SYDENT_CONF: writeConfig(folder, port, options) },
      health: `http://127.0.0.1:${port}/_matrix/identity/v2`,
    };
  });
}

function writeConfig(folder: string, port: number, options: Sydent): string {
  const config = path.join(folder, 'sydent.conf');
  const sections = Object.entries(settings(folder, port, options)).map(([section, values]) =>
    // A percent sign would begin the name of another setting.
    [
      `[${section}]`,
      ...Object.entries(values).map(([key, value]) => `${key} = ${value.replaceAll('%', '%%')}`),
    ],
  );
  fs.writeFileSync(config, `${sections.flat().join('\n')}\n`);
  return config;
}

function settings(
  folder: string,
  port: number,
  { idServer, policy, templates, smtpPort }: Sydent,
): Record<string, Record<string, string>> {
  return {
    general: {
      'server.name': idServer,
      'pidfile.path': path.join(folder, 'sydent.pid'),
      'terms.path': policy === null ? '' : writeTerms(folder, policy),
      'templates.path': templates,
      enable_v1_access: 'true',
      // It asks homeservers whose an OpenID token is, and they are here.
      'ip.whitelist': '127.0.0.0/8, ::1/128',
    },
    db: { 'db.file': path.join(folder, 'sydent.db') },
    http: {
      'clientapi.http.bind_address': '127.0.0.1',
      'clientapi.http.port': String(port),
      client_http_base: `https://${idServer}`,
      'federation.verifycerts': 'False',
    },
    email: {
      'email.from': 'identity@localhost',
      'email.smtphost': '127.0.0.1',
      'email.smtpport': String(smtpPort),
      // Otherwise it asks the name service for its own name.
      'email.hostname': 'localhost',
      'email.ratelimit_sender.burst': '10000',
    },
  };
}

/** JSON is YAML too; the versions must be texts. */
function writeTerms(folder: string, policy: string): string {
  const file = path.join(folder, 'terms.yaml');
  const document = { version: '1', langs: { en: { name: 'Privacy Policy', url: policy } } };
  fs.writeFileSync(file, JSON.stringify({ master_version: '1', docs: { privacy_policy: document } }));
  return file;
}
