/**
 * What the page's own Content Security Policy forbids. Only what the browser itself reports counts: a page can dispatch
 * events of this kind, but not trusted ones. Homeward does not go round a site's policy.
 */
import { addEventListener, apply, getter } from '../patch/natives.ts';

const { SecurityPolicyViolationEvent } = window;
const blockedURI = getter(SecurityPolicyViolationEvent.prototype, 'blockedURI');
const disposition = getter(SecurityPolicyViolationEvent.prototype, 'disposition');
const directive = getter(SecurityPolicyViolationEvent.prototype, 'effectiveDirective');

/** Origins that the browser has reported. */
const reported: string[] = [];

/** Whether the policy was seen to forbid a base URL's origin. */
export function forbids(base: string): boolean {
  return reported.includes(new URL(base).origin);
}

/**
 * @param onForbidden gets the origin of what was not loaded; `isRedirected`: a rule may have sent it elsewhere, and the
 *   browser names where it came from
 */
export function watchPolicy(onForbidden: (origin: string, isRedirected: boolean) => void): void {
  const violated = (event: Event): void => {
    if (!event.isTrusted || apply(disposition, event, []) !== 'enforce') return;
    const uri = apply(blockedURI, event, []) as string;
    const isFetch = apply(directive, event, []) === 'connect-src';
    if (!/^https?:/.test(uri)) return;
    const { origin } = new URL(uri);
    if (isFetch && reported.length < 100) reported[reported.length] = origin;
    onForbidden(origin, !isFetch);
  };
  apply(addEventListener, document, ['securitypolicyviolation', violated, true]);
}
