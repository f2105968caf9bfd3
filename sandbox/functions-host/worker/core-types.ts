/**
 * What passes between host and worker about an invocation: the shapes of the Functions gRPC contract, as far as the
 * triggers hosted here use them. `@azure/functions` reads and writes exactly these.
 */

/** One value on its way in or out: exactly one member is set. */
export interface RpcTypedData {
  string?: string;
  json?: string;
  bytes?: Uint8Array;
  http?: RpcHttpData;
  int?: number;
  double?: number;
  collectionString?: { string: string[] };
  collectionBytes?: { bytes: Uint8Array[] };
  collectionSint64?: { sint64: RpcLong[] };
}

/** A 64-bit integer the way the worker's protobuf library hands it over. */
export interface RpcLong {
  low: number;
  high: number;
  unsigned: boolean;
}

export interface RpcNullable<T> {
  value?: T | null;
}

export interface RpcHttpData {
  method?: string;
  url?: string;
  nullableHeaders?: Record<string, RpcNullable<string>>;
  nullableQuery?: Record<string, RpcNullable<string>>;
  nullableParams?: Record<string, RpcNullable<string>>;
  body?: RpcTypedData | null;
  /** Of a response, like all that follows; digits. */
  statusCode?: string;
  headers?: Record<string, string>;
  cookies?: RpcHttpCookie[];
}

export interface RpcHttpCookie {
  name?: string | null;
  value?: string | null;
  domain?: RpcNullable<string> | null;
  path?: RpcNullable<string> | null;
  /** Unix time. */
  expires?: RpcNullable<{ seconds?: number }> | null;
  secure?: RpcNullable<boolean> | null;
  httpOnly?: RpcNullable<boolean> | null;
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  /** Seconds. */
  maxAge?: RpcNullable<number> | null;
}

export interface RpcTraceContext {
  traceParent: string;
  traceState: string;
  attributes: Record<string, string>;
}

export interface RpcRetryContext {
  retryCount: number;
  maxRetryCount: number;
}

/** What a trigger hands to a function. */
export interface RpcInvocationRequest {
  inputData: { name: string; data: RpcTypedData }[];
  triggerMetadata: Record<string, RpcTypedData>;
  traceContext: RpcTraceContext;
  retryContext?: RpcRetryContext;
}

/** What a function gave back: its return value and what it set for output bindings. */
export interface RpcInvocationResponse {
  outputData?: { name: string; data: RpcTypedData }[];
  returnValue?: RpcTypedData | null;
}

/** A function as the app registered it. `bindings` keep every option of the binding, not only these three. */
export interface RegisteredFunction {
  name: string;
  bindings: Record<string, Record<string, unknown>>;
  retryOptions?: Record<string, unknown>;
}

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';
export type LogCategory = 'user' | 'system' | 'customMetric';
