import type { Instant } from '../../release/model.ts';
import type { Strategy } from '../release-layout.ts';

/** Something that `wheel` or `notebooks` has put into the workspace. */
export interface Item {
  readonly target: string;
  readonly kind: 'version' | 'file' | 'wheel';
  /** SHA-256; null where it is not known. */
  readonly digest: string | null;
  readonly upload: number;
  /** The run that sent it. */
  readonly run: string;
  readonly whole: boolean;
  readonly strategy: Strategy['strategy'];
  /** Items of a group are versions of one thing, listed newest first; files in place have their root here. */
  readonly group: string;
  /** Its folder is the one that the variables name now. */
  readonly isHere: boolean;
  /** Of a file in place that had to stay before: since when. */
  readonly keptAt?: Instant | null;
}
