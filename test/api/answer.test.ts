import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../../shared/api/answer.ts';
import { answer } from '../../shared/api/answer.ts';
import { readFreeze, readRegistration } from '../../shared/api/requests.ts';
import {
  NewerSchema,
  Refusal,
  TransientFailure,
  UnreadableInput,
  UnreadableRequest,
} from '../../shared/errors.ts';

/** The answer of a handler, and what was logged. */
async function answerOf(handler: () => Answer): Promise<{ status: number; body: unknown; logged: string[] }> {
  const logged: string[] = [];
  const log = { error: (line: string) => void logged.push(line) };
  const { status, jsonBody } = await answer(log, async () => handler());
  return { status, body: jsonBody, logged };
}

function failing(error: Error) {
  return answerOf(() => {
    throw error;
  });
}

describe('an error is told to whoever can mend it', () => {
  test.each([
    [400, new UnreadableRequest('by: missing')],
    [409, new Refusal('the plan is another one')],
  ])('%i: what the request is wrong in goes to the caller alone', async (status, error) => {
    expect(await failing(error)).toMatchObject({ status, body: { detail: error.message }, logged: [] });
  });

  test.each([
    [500, new UnreadableInput('snapshot abc: environments: missing')],
    [500, new TypeError('x is not a function')],
    [503, new TransientFailure('the table does not answer')],
    [503, new NewerSchema('run release-1 is of schema 9')],
  ])("%i: Slipway's own trouble is logged, too, and no fault of the request", async (status, error) => {
    const { body, ...rest } = await failing(error);
    expect(rest).toEqual({ status, logged: [`answered ${status}: ${error.message}`] });
    expect(body).toMatchObject({ detail: expect.stringContaining(error.message) });
  });

  test('no secret is logged', async () => {
    const { logged } = await failing(new Error('GET https://x?sig=abcdef failed'));
    expect(logged).toEqual(['answered 500: GET https://x?sig=*** failed']);
  });
});

test.each([
  ['a body', () => readFreeze('{}')],
  ['a slipway.yaml', () => readRegistration('project: Parking')],
])('%s that cannot be read is a matter of the caller', async (_title, read) => {
  const { status, logged } = await answerOf(() => ({ status: 200, jsonBody: read() }));
  expect([status, logged]).toEqual([400, []]);
});
