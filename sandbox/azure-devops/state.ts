import type { Approval, Check, Environment } from './approvals/rows.ts';
import type { Artifact, Build, Definition } from './builds/rows.ts';
import type { PullRequest } from './git/rows.ts';
import type { Disturbance, Notification, Subscription } from './hooks/rows.ts';
import type { TestRun } from './test-runs/rows.ts';

/** A person, a service principal, or a group with the ids of its members. */
export interface Person {
  id: string;
  displayName: string;
  uniqueName: string;
  descriptor: string;
  members?: string[];
}

export interface Project {
  id: string;
  name: string;
  description: string;
  changedAt: number;
}

/** A repository of a project; every project starts with one of its own name. */
export interface Repository {
  id: string;
  projectId: string;
  name: string;
  defaultBranch: string;
  /** Head commit by the full name of a branch. */
  branches: Map<string, string>;
  /** Files by path, by commit; only commits that were given with their content. */
  commits: Map<string, Map<string, Uint8Array>>;
}

/** One variable; a secret's value never leaves the service. */
export interface Variable {
  value: string;
  isSecret?: boolean;
}

export interface VariableGroup {
  id: number;
  projectId: string;
  name: string;
  description: string;
  /** Name of the vault when the group only names secrets of Key Vault. */
  vault?: string;
  variables: Map<string, Variable>;
  createdById: string;
  createdAt: number;
}

/** All that the twin remembers. Times are in milliseconds since 1970. */
export interface State {
  organizationId: string;
  collectionId: string;
  /** Last number given out, by what it numbers. */
  counters: Map<string, number>;
  people: Map<string, Person>;
  projects: Map<string, Project>;
  repositories: Map<string, Repository>;
  definitions: Map<number, Definition>;
  builds: Map<number, Build>;
  artifacts: Map<number, Artifact>;
  environments: Map<number, Environment>;
  checks: Map<number, Check>;
  approvals: Map<string, Approval>;
  variableGroups: Map<number, VariableGroup>;
  pullRequests: Map<number, PullRequest>;
  testRuns: Map<number, TestRun>;
  subscriptions: Map<string, Subscription>;
  notifications: Notification[];
  disturbances: Disturbance[];
}

export function emptyState(uuid: () => string): State {
  return {
    organizationId: uuid(),
    collectionId: uuid(),
    counters: new Map(),
    people: new Map(),
    projects: new Map(),
    repositories: new Map(),
    definitions: new Map(),
    builds: new Map(),
    artifacts: new Map(),
    environments: new Map(),
    checks: new Map(),
    approvals: new Map(),
    variableGroups: new Map(),
    pullRequests: new Map(),
    testRuns: new Map(),
    subscriptions: new Map(),
    notifications: [],
    disturbances: [],
  };
}
