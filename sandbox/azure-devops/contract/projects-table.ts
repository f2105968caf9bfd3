import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { count, flag, listOf, ORGANIZATION, projectReference, text, versioned } from './shapes.ts';

const project = projectReference.extend({
  description: z.string().optional(),
  url: z.string(),
  revision: z.int(),
  lastUpdateTime: z.string(),
});

export const listProjects = operation({
  name: 'Projects.List',
  method: 'GET',
  path: `${ORGANIZATION}/projects`,
  query: versioned({ stateFilter: text, $top: count, $skip: count, continuationToken: text }),
  responses: { 200: listOf(project) },
});

export const getProject = operation({
  name: 'Projects.Get',
  method: 'GET',
  path: `${ORGANIZATION}/projects/{projectId}`,
  query: versioned({ includeCapabilities: flag, includeHistory: flag }),
  responses: { 200: project },
  errors: [404],
});
