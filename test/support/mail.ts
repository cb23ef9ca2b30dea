import { once } from 'node:events';
import net from 'node:net';
import type { Socket } from 'node:net';

export interface Mail {
  to: string;
  /** headers, and the parts with their headers, decoded */
  text: string;
}

export interface Validation {
  token: string;
  /** null: the mail has only the token */
  link: string | null;
}

/** Takes all mail and delivers none. */
export interface MailServer {
  port: number;
  mails(): readonly Mail[];
  /** Of the first validation mail to the address that was not asked for yet; waits until it comes. */
  codeFor(address: string): Promise<Validation>;
  close(): Promise<void>;
}

const patience = 20_000;

export async function startMail(): Promise<MailServer> {
  const mails: Mail[] = [];
  const taken = new Set<Mail>();
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, (mail) => {
      mails.push(mail);
      for (const look of waiting) look();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const next = (to: string): Validation | undefined => {
    const mail = mails.find((one) => one.to === to && !taken.has(one) && validation(one.text));
    if (!mail) return undefined;
    taken.add(mail);
    return validation(mail.text);
  };
  return {
    port: address.port,
    mails: () => mails,
    codeFor: (to) => until(waiting, () => next(to), to),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function until<T>(waiting: Set<() => void>, find: () => T | undefined, to: string): Promise<T> {
  let done = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      const timer = setTimeout(() => reject(new Error(`no validation mail to ${to}`)), patience);
      done = () => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  } finally {
    done();
  }
}

/** The part of SMTP without which no client sends. */
function converse(socket: Socket, take: (mail: Mail) => void): void {
  let to: string[] = [];
  let data: string[] | null = null;
  let rest = '';
  const answer = (line: string) => {
    if (data !== null) {
      if (line !== '.') return void data.push(line.replace(/^\./, ''));
      const text = decode(data.join('\n'));
      for (const each of to) take({ to: each, text });
      [to, data] = [[], null];
    } else if (/^DATA/i.test(line)) {
      data = [];
      return socket.write('354 go on\r\n');
    } else if (/^QUIT/i.test(line)) return socket.end('221 bye\r\n');
    const recipient = data === null && /^RCPT TO:\s*<([^>]*)>/i.exec(line)?.[1];
    if (recipient) to.push(recipient);
    return socket.write('250 ok\r\n');
  };
  // A sender that breaks off is no error of ours.
  socket.on('error', () => socket.destroy());
  // As bytes: a chunk may end inside a character.
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) answer(line);
  });
  socket.write('220 test\r\n');
}

/** Parts come in base64 from Synapse and as they are from Sydent; the plain text comes before the HTML from both. */
function decode(content: string): string {
  const [head = '', ...paragraphs] = content.split('\n\n');
  const body = paragraphs.join('\n\n');
  const boundary = /^content-type:\s*multipart\/[^\n]*(?:\n[ \t][^\n]*)*?boundary="?([^"\s;]+)/im.exec(
    head,
  )?.[1];
  if (boundary !== undefined) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return [head, ...parts.map((part) => decode(part.replace(/^\s*\n/, '')))].join('\n\n');
  }
  const encoding = /^content-transfer-encoding:\s*(\S+)/im.exec(head)?.[1]?.toLowerCase();
  return `${head}\n\n${Buffer.from(bytes(body, encoding)).toString('utf8')}`;
}

function bytes(body: string, encoding: string | undefined): Buffer {
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1');
  const plain = body
    .replaceAll(/=\n/g, '')
    .replaceAll(/=([\dA-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function validation(text: string): Validation | undefined {
  const link = /https?:\/\/[^\s"<>]+[?&]token=([^&\s"<>]+)[^\s"<>]*/.exec(text);
  if (link?.[1]) return { token: decodeURIComponent(link[1]), link: link[0].replaceAll('&amp;', '&') };
  const token = /\b(?:code|token) is:?\s+(\w+)/i.exec(text)?.[1];
  return token === undefined ? undefined : { token, link: null };
}
