/** Marks an error as the runtime's own, the way `@azure/functions` recognises it. */
export function systemError<E extends Error>(error: E): E & { isAzureFunctionsSystemError: true } {
  return Object.assign(error, { isAzureFunctionsSystemError: true as const });
}
