/** What follows from asking a named homeserver (the tables of DESIGN.md, "The check"). */

/** `silent`: it did not answer in time. */
export type Probe = 'homeserver' | 'not-a-homeserver' | 'unreachable' | 'silent';

/**
 * Where a session lives after its homeserver was asked.
 *
 * @param portalAccepts the portal answered the login itself and accepts the token
 */
export function targetAfter(
  probe: Probe,
  portalAccepts: boolean,
): 'home' | 'unreachable' | 'not-a-homeserver' {
  if (probe === 'homeserver' || probe === 'silent' || !portalAccepts) return 'home';
  return probe;
}
