import { redact } from '../errors.ts';

/**
 * An answer that is not a success. `status` 0: there was no answer at all. Clients turn it into a Refusal where
 * they know that another try would get the same, and let it pass as a technical failure otherwise.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** The service's own code, e.g. `RESOURCE_DOES_NOT_EXIST`; empty when the answer has none. */
  readonly code: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({
    status,
    code,
    message,
    body,
    headers = {},
  }: {
    status: number;
    code: string;
    message: string;
    body: string;
    headers?: Readonly<Record<string, string>>;
  }) {
    super(redact(message));
    this.status = status;
    this.code = code;
    this.body = redact(body);
    this.headers = headers;
  }
}

/** Code and text of an error body in one of the forms of ARM, Key Vault, Databricks, Azure DevOps and RFC 9457. */
export function readErrorBody(body: unknown): { readonly code: string; readonly message: string } {
  if (typeof body !== 'object' || body === null) return { code: '', message: '' };
  if ('error' in body && typeof body.error === 'object') return readErrorBody(body.error);
  if ('value' in body && typeof body.value === 'object') return readErrorBody(body.value);
  const fields = new Map(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const code =
    fields.get('error_code') ?? fields.get('code') ?? fields.get('typeKey') ?? fields.get('error') ?? '';
  const problem = [fields.get('title'), fields.get('detail')].filter((part) => part !== undefined).join(': ');
  const message =
    fields.get('message') ?? fields.get('Message') ?? fields.get('error_description') ?? problem;
  return { code, message };
}
