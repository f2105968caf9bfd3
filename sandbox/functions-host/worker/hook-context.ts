/**
 * Builds what a hook gets: its own members, and the two data objects, which a hook may fill but not replace.
 *
 * @param members may be read by every hook; only those that the worker reads back can be changed to any effect
 */
export function withHookData<M extends object>(hookData: object, appHookData: object, members: M): M {
  return Object.defineProperties(members, {
    hookData: readOnly('hookData', hookData),
    appHookData: readOnly('appHookData', appHookData),
  });
}

/** A property that can be read, and throws when it is set: as the real worker's contexts do. */
export function readOnly(name: string, value: unknown): PropertyDescriptor {
  return {
    enumerable: true,
    get: () => value,
    set: () => {
      throw new Error(`Cannot assign to read only property '${name}'`);
    },
  };
}
