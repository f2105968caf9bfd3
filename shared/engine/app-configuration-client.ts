import type { Instant } from '../release/model.ts';

/** What a setting of a store holds. */
export interface SettingContent {
  readonly value: string | null;
  readonly contentType: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A setting as it stands in a store. Keys compare with case. */
export interface Setting extends SettingContent {
  readonly key: string;
  /** Null where it has none, which is a place of its own. */
  readonly label: string | null;
  /** Another one after every change, whoever made it. */
  readonly etag: string;
  /** Somebody made it read-only. */
  readonly locked: boolean;
  readonly modifiedAt: Instant;
}

/** Key and label: what a setting is known by. */
export type SettingPlace = Pick<Setting, 'key' | 'label'>;

/** A store of Azure App Configuration, as far as a release needs it. Nothing is written over what was not read. */
export interface AppConfigurationClient {
  /** Origin of the store. */
  readonly endpoint: string;
  /** Settings whose key begins so, with exactly this label, by key. */
  list(keyPrefix: string, label: string | null): Promise<readonly Setting[]>;
  /** Null when there is none. */
  get(place: SettingPlace): Promise<Setting | null>;
  /**
   * Writes a setting.
   * @param etag of the setting that is replaced; null when there should be none.
   * @returns the new setting, `changed` when another one stands there than the caller saw, or `locked`. Nothing was
   * written then. A setting that has exactly this content already counts as written: the answer may have been lost.
   */
  put(
    place: SettingPlace,
    content: SettingContent,
    etag: string | null,
  ): Promise<Setting | 'changed' | 'locked'>;
  /** Removes a setting that is still the one with this etag; one that is gone is fine. */
  remove(place: SettingPlace, etag: string): Promise<'done' | 'changed' | 'locked'>;
}
