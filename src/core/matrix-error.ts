/** The answers that Homeward gives itself. Why each is what it is: design, errors.md, section 3, measured on clients. */

export interface MatrixError {
  readonly status: number;
  readonly errcode: string;
  readonly error: string;
}

/** The account uses no identity server (1, 2). */
export const DISABLED: MatrixError = {
  status: 403,
  errcode: 'M_FORBIDDEN',
  error: 'This account does not use an identity server.',
};

/** The account's value is no address that can be used (7). */
export const INVALID: MatrixError = {
  status: 403,
  errcode: 'M_FORBIDDEN',
  error: 'The identity server address stored in this account is not valid.',
};

/** An invitation by e-mail or phone number: the code that matrix-js-sdk itself raises without an identity server (3). */
export const NO_INVITE: MatrixError = {
  status: 400,
  errcode: 'ORG.MATRIX.JSSDK_MISSING_PARAM',
  error: 'No identity server: cannot invite by e-mail or phone number.',
};

/** Another request to the homeserver that makes it turn to an identity server (4). */
export const NOT_TRUSTED: MatrixError = {
  status: 400,
  errcode: 'M_SERVER_NOT_TRUSTED',
  error: 'This account does not use that identity server.',
};

/** The account data could not be read in time (6). */
export const NOT_YET: MatrixError = {
  status: 504,
  errcode: 'M_UNKNOWN',
  error: 'The identity server setting could not be read yet. Try again.',
};

/** A token of another identity server, on an identity path: the client registers anew (8). */
export const FOREIGN_TOKEN: MatrixError = {
  status: 401,
  errcode: 'M_UNAUTHORIZED',
  error: 'This token is of another identity server.',
};

/** A validation that another server began. */
export const FOREIGN_VALIDATION: MatrixError = {
  status: 400,
  errcode: 'M_NO_VALID_SESSION',
  error: 'This validation was begun at another identity server. Begin it again.',
};
