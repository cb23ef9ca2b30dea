/** Constants of the channel between hook and bridge. */

/** The name under which the bridge's first event reaches the hook, before any script of the page ran. */
export const HANDSHAKE = 'homeward-handshake';

/** Longest message, in characters: the longest login answer that is read fits. */
export const MAX_MESSAGE = 512 * 1024;
