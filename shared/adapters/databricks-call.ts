import { failureOf, signInPage } from './databricks-errors.ts';
import type { Http, HttpRequest, HttpResponse } from './http.ts';
import { HttpError } from './http-error.ts';

/** Asks the workspace. Errors that `known` has an answer for are that answer; all others are thrown, in our classes. */
export type Call = <Known = never>(
  request: HttpRequest,
  known?: (error: HttpError) => Known | undefined,
) => Promise<HttpResponse | Known>;

/** Makes the one way in which the parts of the Databricks client ask their workspace. */
export function createCall(http: Http, workspaceUrl: string): Call {
  return async (request, known) => {
    try {
      const response = await http.send(request);
      if (isPage(response)) throw signInPage(workspaceUrl);
      return response;
    } catch (error) {
      const answer = error instanceof HttpError ? known?.(error) : undefined;
      if (answer !== undefined) return answer;
      throw failureOf(error, workspaceUrl);
    }
  };
}

/** A sign-in page may come as a success: such an answer says nothing about the request. */
function isPage({ status, headers }: HttpResponse): boolean {
  return status === 203 || (headers['content-type'] ?? '').startsWith('text/html');
}

/** A JSON object of an answer; anything else counts as an empty one, since Databricks leaves out what is empty. */
export function objectIn(response: HttpResponse): Readonly<Record<string, unknown>> {
  if (response.bytes.length === 0) return {};
  const body = response.json();
  return isObject(body) ? body : {};
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list that may be missing. */
export function objectsIn(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A field as text; numbers are written out, what is missing is empty. */
export function textIn(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A field as number; null when it is none. */
export function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

type Page = Readonly<Record<string, unknown>>;

/** Every page of a list. Pages may be empty; only a missing token says that one is the last. */
export function pagesOf<Known = never>(
  call: Call,
  request: HttpRequest,
  known?: (error: HttpError) => Known | undefined,
): Promise<Page[] | Known> {
  return readPages(call, request, { known, most: Number.POSITIVE_INFINITY });
}

/** The first pages of a list, and whether they are all of them. */
export async function somePagesOf(
  call: Call,
  request: HttpRequest,
  most: number,
): Promise<{ readonly pages: Page[]; readonly isAll: boolean }> {
  const pages = await readPages<never>(call, request, { known: undefined, most });
  return { pages, isAll: nextIn(pages.at(-1)) === '' };
}

async function readPages<Known>(
  call: Call,
  request: HttpRequest,
  { known, most }: { known: ((error: HttpError) => Known | undefined) | undefined; most: number },
): Promise<Page[] | Known> {
  const pages: Page[] = [];
  let token = '';
  do {
    const query = { ...request.query, ...(token === '' ? {} : { page_token: token }) };
    const response = await call({ ...request, query }, known);
    if (!isResponse(response)) return response;
    const page = objectIn(response);
    pages.push(page);
    token = nextIn(page);
  } while (token !== '' && pages.length < most);
  return pages;
}

function nextIn(page: Page | undefined): string {
  return textIn(page?.next_page_token);
}

/** Whether an answer came, rather than what a known error was turned into. */
export function isResponse(answer: unknown): answer is HttpResponse {
  return typeof answer === 'object' && answer !== null && 'bytes' in answer && 'status' in answer;
}

/** A path as part of a URL: every segment encoded, the slashes kept. */
export function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
