const APPLICATION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How Unity Catalog keeps a principal: addresses and ids of applications in lower case, names of groups as written. */
export function storedPrincipal(name: string): string {
  return name.includes('@') || APPLICATION.test(name) ? name.toLowerCase() : name;
}
