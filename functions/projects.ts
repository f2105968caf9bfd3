import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { getProject, listProjects, putProject } from '../shared/api/projects.ts';
import { service } from '../shared/app.ts';

app.http('list-projects', {
  methods: ['GET'],
  route: 'projects',
  authLevel: 'function',
  handler: (_request, context) => answer(context, () => listProjects(service(context).ports)),
});

app.http('get-project', {
  methods: ['GET'],
  route: 'projects/{project}',
  authLevel: 'function',
  handler: ({ params }, context) =>
    answer(context, () => getProject(service(context).ports, params.project ?? '')),
});

app.http('put-project', {
  methods: ['PUT'],
  route: 'projects/{project}',
  authLevel: 'function',
  handler: (request, context) =>
    answer(context, async () =>
      putProject(service(context).ports, request.params.project ?? '', await request.text()),
    ),
});
