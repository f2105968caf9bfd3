import type { z } from 'zod';
import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { type Context, nextNumber } from '../context.ts';
import * as table from '../contract/test-table.ts';
import { list } from '../page.ts';
import { callerOf } from '../people.ts';
import { projectOf } from '../projects.ts';
import { invalid, missing } from '../refusals.ts';
import { attachmentRoutes } from './attachment-routes.ts';
import { renderResult, renderTestRun } from './render-test-run.ts';
import type { TestRun } from './rows.ts';

/** One request adds so many results at most. */
const MOST_RESULTS = 1000;
/** Ids of results start here in every run. */
const FIRST_RESULT = 100_000;

/** Test runs are not idempotent: two equal requests make two runs. */
export function testRunRoutes(context: Context): Route[] {
  return [...runRoutes(context), ...resultRoutes(context), ...attachmentRoutes(context, testRunOf)];
}

function runRoutes(context: Context): Route[] {
  return [
    route(table.createRun, (call) => {
      const ownerId = callerOf(context, call.principal).id;
      const run = newRun(context, call.body, { projectId: projectOf(context, call).id, ownerId });
      context.state.testRuns.set(run.id, run);
      return json(renderTestRun(context, run));
    }),
    route(table.listRuns, (call) => {
      const { id } = projectOf(context, call);
      const { buildUri, automated, $skip = 0, $top = 100 } = call.query;
      const fitting = [...context.state.testRuns.values()].filter(
        (run) =>
          run.projectId === id &&
          (!buildUri || buildUri === `vstfs:///Build/Build/${run.buildId}`) &&
          (automated === undefined || run.isAutomated === automated),
      );
      return list(fitting.slice($skip, $skip + $top).map((run) => renderTestRun(context, run)));
    }),
    route(table.getRun, (call) => json(renderTestRun(context, testRunOf(context, call)))),
    route(table.updateRun, (call) => {
      const run = testRunOf(context, call);
      const { name, state, comment, errorMessage } = call.body;
      const now = context.clock.now();
      Object.assign(run, { name: name ?? run.name, state: state ?? run.state, changedAt: now });
      Object.assign(run, { comment: comment ?? run.comment, errorMessage: errorMessage ?? run.errorMessage });
      if (run.state === 'Completed') run.completedAt ??= now;
      run.revision++;
      return json(renderTestRun(context, run));
    }),
  ];
}

function resultRoutes(context: Context): Route[] {
  const render = (run: TestRun, results: TestRun['results']) =>
    list(results.map((result) => renderResult(context, run, result)));
  return [
    route(table.addResults, (call) => {
      const run = testRunOf(context, call);
      if (run.state === 'Completed') throw invalid('the test run is completed');
      if (call.body.length > MOST_RESULTS) throw invalid(`more than ${MOST_RESULTS} results in one request`);
      const first = FIRST_RESULT + run.results.length;
      const createdAt = context.clock.now();
      const added = call.body.map((given, index) => {
        return { id: first + index, outcome: given.outcome ?? 'Unspecified', given: { ...given }, createdAt };
      });
      run.results.push(...added);
      return render(run, added);
    }),
    route(table.updateResults, (call) => {
      const run = testRunOf(context, call);
      const changed = call.body.map((given) => {
        const result = run.results.find(({ id }) => id === given.id);
        if (!result) throw missing('TestObjectNotFoundException', `there is no result ${given.id}`);
        result.outcome = given.outcome ?? result.outcome;
        result.given = { ...result.given, ...given };
        return result;
      });
      return render(run, changed);
    }),
    route(table.listResults, (call) => {
      const run = testRunOf(context, call);
      const { $skip = 0, $top = MOST_RESULTS, outcomes } = call.query;
      const wanted = outcomes?.split(',');
      const fitting = run.results.filter(({ outcome }) => !wanted || wanted.includes(outcome));
      return render(run, fitting.slice($skip, $skip + $top));
    }),
  ];
}

function newRun(
  context: Context,
  given: z.infer<typeof table.createRun.body>,
  { projectId, ownerId }: { projectId: string; ownerId: string },
): TestRun {
  const now = context.clock.now();
  const buildId = given.build?.id;
  return {
    id: nextNumber(context.state, 'test-run', 31),
    projectId,
    name: given.name,
    state: given.state ?? 'NotStarted',
    ...(buildId === undefined ? {} : { buildId: Number(buildId) }),
    isAutomated: given.automated ?? false,
    comment: given.comment ?? '',
    errorMessage: '',
    ownerId,
    createdAt: now,
    startedAt: now,
    changedAt: now,
    revision: 1,
    results: [],
    attachments: [],
  };
}

/** The test run that a path names; refuses one that is unknown or of another project. */
function testRunOf(context: Context, call: { param(name: string): string }): TestRun {
  const run = context.state.testRuns.get(Number(call.param('runId')));
  if (run && run.projectId === projectOf(context, call).id) return run;
  throw missing('TestObjectNotFoundException', `Test run ${call.param('runId')} not found.`);
}
