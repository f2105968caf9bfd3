import { describe, expect, test } from '@jest/globals';
import { orUnavailable } from '../../shared/azure-devops/receive-webhook.ts';
import { UnreadableInput } from '../../shared/errors.ts';

describe('the webhook', () => {
  test('answers 503 while its settings are wrong, and the log names the setting', async () => {
    const logged: string[] = [];
    const log = { error: (text: string) => void logged.push(text) };
    const wrong = new UnreadableInput(
      'settings: WEBHOOK_PASSWORDS: every password needs at least 16 characters',
    );
    expect(await orUnavailable(log, () => Promise.reject(wrong))).toEqual({ status: 503 });
    expect(logged).toEqual([expect.stringContaining('settings: WEBHOOK_PASSWORDS: every password needs')]);
    expect(await orUnavailable(log, () => Promise.resolve(202))).toEqual({ status: 202 });
  });
});
