const APPLICATION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a name is the application id of a service principal. */
export function isApplication(principal: string): boolean {
  return APPLICATION.test(principal);
}

/** Whether a principal is a person or an application for sure; names of groups may be anything else. */
export function isSomebody(principal: string): boolean {
  return principal.includes('@') || isApplication(principal);
}

/**
 * What principals are compared by: Unity Catalog gives addresses and ids of applications back in lower case, whatever it
 * was sent. Names of groups differ by case.
 */
export function principalKey(principal: string): string {
  return isSomebody(principal) ? principal.toLowerCase() : principal;
}
