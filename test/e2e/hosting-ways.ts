/** The ways to host a client that HOSTING.md has. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { startCaddy, startNginx, type WebServer } from '../support/web-server.ts';
import { addFiles, addLine, buildImage, ROOT, shell, snippet } from './hosting-guide.ts';

export interface Way {
  /** @param root holds the client; homeserver and portal are base URLs */
  serve(root: string, portal: string, homeserver: string): Promise<WebServer>;
  /** default: the root of the site */
  below?: string;
  /** of the page that is visited, where it is another */
  visit?: string;
}

export const ways = {
  nginx: { serve: (root) => nginx(root) },
  'nginx, with a policy': {
    async serve(root, portal, homeserver) {
      const values = { 'https://portal.example.org': portal, 'https://matrix.example.org': homeserver };
      return nginx(root, await snippet('csp', values));
    },
  },
  'nginx, below a path': {
    below: 'chat/',
    visit: 'chat/room/1',
    async serve(root) {
      await addFiles(path.join(root, 'chat'));
      const deeper = 'location /chat/ { try_files $uri $uri/ /chat/index.html; }';
      return started(await snippet('nginx-below', { [`root ${ROOT};`]: `root ${root};\n${deeper}` }));
    },
  },
  Caddy: {
    async serve(root) {
      await addFiles(root);
      await addLine(root);
      const config = await snippet('caddy', { [ROOT]: root });
      return startCaddy((port) => config.replace('chat.example.org {', `:${port} {\n\tbind 127.0.0.1`));
    },
  },
  'a container': {
    async serve(root) {
      await buildImage(root);
      return plain(root);
    },
  },
  'a line with the digest': {
    async serve(root) {
      await addFiles(root);
      const line = (await shell(await snippet('integrity'), root)).trim();
      await edit(root, 'index.html', (page) => page.replace('<head>', `<head>${line}`));
      return plain(root);
    },
  },
} satisfies Record<string, Way>;

/** A server that knows nothing of Homeward. */
export function plain(root: string): Promise<WebServer> {
  return started(`server { listen 443 ssl; root ${root}; }`);
}

/** nginx as the guide has it, with what the server block has besides. */
export async function nginx(root: string, more = ''): Promise<WebServer> {
  await addFiles(root);
  return started(await snippet('nginx', { [`root ${ROOT};`]: `root ${root};\n${more}` }));
}

function started(config: string): Promise<WebServer> {
  return startNginx((port) => config.replace('listen 443 ssl;', `listen 127.0.0.1:${port};`));
}

export async function edit(folder: string, name: string, change: (text: string) => string): Promise<void> {
  const file = path.join(folder, name);
  await fs.writeFile(file, change(await fs.readFile(file, 'utf8')));
}
