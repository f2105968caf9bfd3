/** A run of tests, published with its results. */
export interface TestRun {
  id: number;
  projectId: string;
  name: string;
  state: string;
  buildId?: number;
  isAutomated: boolean;
  comment: string;
  errorMessage: string;
  ownerId: string;
  createdAt: number;
  startedAt: number;
  completedAt?: number;
  changedAt: number;
  revision: number;
  results: TestResult[];
  attachments: Attachment[];
}

/** One test case; `given` has the fields as they came. */
export interface TestResult {
  id: number;
  outcome: string;
  given: Record<string, unknown>;
  createdAt: number;
}

/** A file; of the whole run, or of one result. */
export interface Attachment {
  id: number;
  resultId?: number;
  fileName: string;
  comment: string;
  content: Uint8Array;
  createdAt: number;
}
