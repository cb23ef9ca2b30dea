/** What pages claim of other servers, and how they forge the channel. */
import { AGAIN, HANDSHAKE } from '../../src/wire/channel.ts';

const NAMES =
  'router nas printer.lan gitlab.intern intranet.corp fritz.box jenkins.test db.home.arpa metadata.google.internal'.split(
    ' ',
  );
const PRIVATE = '10.255.255.254 10.0.0.1 172.16.0.1 192.168.0.1 192.168.1.254 100.64.0.1'.split(' ');
const LINK_LOCAL = '169.254.169.254 169.254.1.1'.split(' ');

/** Host names that have to resolve to this machine, so that its servers see who asks. */
export const INTRANET = [...NAMES, ...PRIVATE, ...LINK_LOCAL];

/** 50 base URLs that nobody outside may reach, in all their spellings. */
export function intranet(port: number): string[] {
  const loopback = [
    ...'127.0.0.1 127.9.9.9 127.1 2130706433 0x7f.0.0.1 0177.0.0.1 0.0.0.0 0 [::] [::1] [::ffff:127.0.0.1] [::ffff:7f00:1]'.split(
      ' ',
    ),
    ...'localhost LOCALHOST localhost. router.localhost a.b.localhost evil@127.0.0.1 ①②⑦.0.0.1 127.0.0.1%00'.split(
      ' ',
    ),
  ];
  const local = [...loopback, ...INTRANET, '[fe80::1]', '[::ffff:169.254.169.254]', '[fd00::1]'];
  const hosts = local.map((host) => `http://${host}:${port}`);
  const paths = ['/admin', '/%2e%2e/', '?x=', '#x', '/_matrix', '//', '\\@evil', '/a/../b', '/hs1', '/%2f'];
  return [...hosts, ...paths.map((path) => `http://127.0.0.1:${port}${path}`)];
}

/** Messages in both directions, as the ends of the channel would write them. */
export function forgedMessages(portal: string, evil: string, session: string): string[] {
  const body = { user_id: '@mallory:evil', device_id: 'EVIL', access_token: 'syt_evil', base_cs_url: evil };
  const asks = [
    ['begin', { portal, finalUrl: '', body }],
    ['adopt', { portal: evil, token: 'syt_evil', body: { user_id: '@mallory:evil' } }],
    ['refreshed', { id: session, tokens: ['syt_evil'] }],
    ['checked', { id: session, result: 'unreachable' }],
    ['loggedOut', { id: session, all: true }],
  ].map(([call, args], id) => ({ id, call, args }));
  const route = { id: session, portal, target: evil, pending: false, media: 'authenticated' };
  const tells = [
    ...[0, 1, 2, 3].map((id) => ({
      id,
      ok: true,
      value: { route, gone: false, check: null, accountData: '' },
    })),
    { id: 0, ok: true, value: { route, gone: true } },
  ];
  return [...asks, ...tells].map((message) => JSON.stringify(message));
}

/**
 * A script that gives the page `forge(messages)`: handshakes and messages under all the channel's names, on whatever a
 * page can reach, with elements and ports of its own; what arrives on those is in `heard`. It begins at once.
 */
export const FORGE = `
  window.heard = [];
  window.forge = (messages, view = window) => {
    const names = ${JSON.stringify([HANDSHAKE, AGAIN, 'ask', 'tell', 'collect', 'collected', 'message'])};
    const own = new WeakSet();
    const send = (target, event) => { own.add(event); target.dispatchEvent(event); };
    const hear = (target) => {
      for (const name of names) target.addEventListener(name, (event) => own.has(event) || heard.push(name));
      return target;
    };
    const { document: page } = view;
    for (const target of [view, page, page.documentElement, page.head, hear(page.createElement('i'))]) {
      for (const name of names) {
        const element = hear(page.createElement('i'));
        const { port1, port2 } = new MessageChannel();
        hear(port1).start();
        const all = { bubbles: true, cancelable: true, composed: true };
        send(target, new MouseEvent(name, { ...all, relatedTarget: element }));
        send(target, new MessageEvent(name, { ...all, data: messages[0], ports: [port2] }));
        for (const detail of messages) {
          send(target, new CustomEvent(name, { ...all, detail }));
          send(element, new CustomEvent(name, { ...all, detail }));
        }
      }
    }
    for (const message of messages) view.postMessage(message, '*');
  };
`;

/** Fetches what it is told. */
export const WORKER = 'onmessage = async ({ data }) => { await fetch(data).catch(() => 0); postMessage(0); }';

/** What no hook sees, all to one URL: a beacon, a worker at `/worker.js`, the first document of a frame. */
export async function carry(where: string): Promise<void> {
  navigator.sendBeacon(where, 'beacon');
  const worker = new Worker('/worker.js');
  const done = new Promise((resolve) => {
    worker.addEventListener('message', resolve);
  });
  worker.postMessage(where, []);
  await done;
  const frame = document.createElement('iframe');
  frame.src = '/index.html';
  document.body.append(frame);
  await frame.contentWindow?.fetch(where).catch(() => undefined);
}

/** All that a page can do to look as if its policy had forbidden a request. */
export function fakeViolation(blockedURI: string): void {
  const init = {
    blockedURI,
    documentURI: location.href,
    effectiveDirective: 'connect-src',
    violatedDirective: 'connect-src',
    originalPolicy: "connect-src 'self'",
    disposition: 'enforce',
    statusCode: 200,
    bubbles: true,
    composed: true,
  } as const;
  for (const target of [document, document.documentElement, document.body, window]) {
    target.dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation', init));
  }
}
