/** Constants of the channel between hook and bridge. */

/** The name under which the first bridge's event reaches the hook, before any script of the page ran. */
export const HANDSHAKE = 'homeward-handshake';

/** How a hook asks whether another is there: Firefox runs registered scripts again after an extension reload. */
export const HERE = 'homeward-here';

/** Goes up when hook and bridge of different versions would not understand each other: an update leaves old hooks. */
export const PROTOCOL = 1;

/** Where a bridge that is put into an open page finds the name of its handshake, in the isolated world. */
export const AGAIN = 'homewardAgain';

/** Longest message, in characters: the longest login answer that is read fits. */
export const MAX_MESSAGE = 512 * 1024;
