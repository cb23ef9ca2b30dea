/** Absolute paths of what a host copies beside the client's `index.html`, with the settings page. See HOSTING.md. */
export declare const files: readonly string[];

/** Of Homeward; the files begin with it. */
export declare const version: string;
