/**
 * The one thing of the platform that the core uses: the WHATWG URL parser, which every context of a browser has and
 * which is pure.
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
