import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';

const STORAGE_URL = /^abfss:\/\/[a-z0-9$][a-z0-9-]*@[a-z0-9]+\.dfs\.core\.windows\.net(\/.*)?$/;

/** A storage URL without slashes at its end; refuses what is no Azure Data Lake URL. */
export function storageUrl(text: string): string {
  if (!STORAGE_URL.test(text)) {
    throw refusal('INVALID_PARAMETER_VALUE', `The storage URL '${text}' is not a valid abfss URL.`);
  }
  return text.replace(/\/+$/, '');
}

/** Whether one URL lies in the other or is the same. */
export function isWithin(url: string, folder: string): boolean {
  return url === folder || url.startsWith(folder + '/');
}

/** Refuses a URL that no external location covers: Unity Catalog could not reach it. */
export function requireLocation({ state }: DatabricksContext, url: string): void {
  const covered = [...state.locations.values()].some(({ info }) => isWithin(url, storageUrl(info.url)));
  if (covered) return;
  throw refusal('INVALID_PARAMETER_VALUE', `No parent external location was found for path '${url}'.`);
}

/** Refuses a URL that overlaps with another external location. */
export function refuseOverlap({ state }: DatabricksContext, url: string, ownName?: string): void {
  for (const { info } of state.locations.values()) {
    const other = storageUrl(info.url);
    if (info.name === ownName || !(isWithin(url, other) || isWithin(other, url))) continue;
    const message = `LOCATION_OVERLAP: the input path '${url}' overlaps with external location '${info.name}'.`;
    throw refusal('INVALID_PARAMETER_VALUE', message);
  }
}
