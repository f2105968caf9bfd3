import type { z } from 'zod';
import type { clusterSpec, library } from './contract/cluster-spec.ts';
import type { policy } from './contract/clusters-table.ts';

export type ClusterSpec = z.infer<typeof clusterSpec>;
export type Library = z.infer<typeof library>;
export type Policy = z.infer<typeof policy>;

/** A library of a cluster. While the cluster runs, what was loaded stays, whatever happens to the file. */
export interface ClusterLibrary {
  library: Library;
  status: 'FAILED' | 'INSTALLED' | 'PENDING' | 'UNINSTALL_ON_RESTART';
  /** When a pending installation ends. */
  endsAt?: number;
  /** Digest of the file that the cluster has loaded. */
  digest?: string;
  message?: string;
}

/** A cluster; `endsAt` is when a passing state gives way to the next one. */
export interface Cluster {
  id: string;
  spec: ClusterSpec;
  creator: string;
  state: 'PENDING' | 'RUNNING' | 'RESTARTING' | 'TERMINATING' | 'TERMINATED';
  endsAt?: number;
  startedAt: number;
  terminatedAt?: number;
  libraries: ClusterLibrary[];
}
