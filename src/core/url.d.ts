/**
 * All of the platform that the core uses: the WHATWG URL parsers, which every context of a browser has and which are
 * pure.
 */
declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
}

declare class URLSearchParams {
  constructor(query: string);
  has(name: string): boolean;
}
