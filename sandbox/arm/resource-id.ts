/** A resource id as its parts: who contains it, its type, and its names, one for each segment of the type. */
export interface ResourceIdParts {
  /** Id of the subscription, the resource group, or the resource that an extension hangs on; '' for the tenant. */
  scope: string;
  type: string;
  names: string[];
}

/** The id of a resource: `{scope}/providers/{namespace}/{type}/{name}/{child type}/{child name}`. */
export function resourceIdOf({ scope, type, names }: ResourceIdParts): string {
  const [namespace = '', ...types] = type.split('/');
  const path = types.map((segment, index) => `${segment}/${names[index] ?? ''}`);
  return `${scope}/providers/${namespace}/${path.join('/')}`;
}

/** The parts of an id; `undefined` when it names no resource of a provider. */
export function partsOfId(id: string): ResourceIdParts | undefined {
  const at = id.toLowerCase().lastIndexOf('/providers/');
  if (at < 0) return undefined;
  const [namespace, ...segments] = id.slice(at + '/providers/'.length).split('/');
  if (!namespace || segments.length < 2 || segments.length % 2 === 1) return undefined;
  const types = segments.filter((_segment, index) => index % 2 === 0);
  return {
    scope: id.slice(0, at),
    type: [namespace, ...types].join('/'),
    names: segments.filter((_segment, index) => index % 2 === 1),
  };
}

/** The id of the resource that contains a child resource; `undefined` for one that is no child. */
export function parentIdOf(id: string): string | undefined {
  const parts = partsOfId(id);
  if (!parts || parts.names.length < 2) return undefined;
  const { scope, type, names } = parts;
  return resourceIdOf({ scope, type: type.split('/').slice(0, -1).join('/'), names: names.slice(0, -1) });
}

export function subscriptionId(subscription: string): string {
  return `/subscriptions/${subscription}`;
}

export function resourceGroupId(subscription: string, name: string): string {
  return `${subscriptionId(subscription)}/resourceGroups/${name}`;
}

/** Ids compare without case. */
export function sameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
