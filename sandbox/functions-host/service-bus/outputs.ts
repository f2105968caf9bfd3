import type { FunctionDefinition } from '../function-definition.ts';
import type { RpcInvocationResponse, RpcTypedData } from '../worker/core-types.ts';
import type { Connections } from './connections.ts';

/**
 * Sends what a function set for its Service Bus output bindings. Comes before the message that triggered it is
 * completed, so that an output which fails, fails the invocation.
 *
 * @throws what the broker answers
 */
export async function writeOutputs(
  connections: Connections,
  definition: FunctionDefinition,
  response: RpcInvocationResponse,
): Promise<void> {
  for (const output of definition.outputs) {
    const bodies = toBodies(outputValue(output.bindingName, response));
    if (bodies.length === 0) continue;
    const sender = await connections.sender(output.connection, output.queueOrTopic);
    for (const body of bodies) await sender.sendMessages({ body, contentType: 'text/plain' });
  }
}

function outputValue(bindingName: string, response: RpcInvocationResponse): RpcTypedData | null | undefined {
  if (bindingName === '$return') return response.returnValue;
  return response.outputData?.find(({ name }) => name === bindingName)?.data;
}

/** An array, also the JSON text of one, is one message for each element; anything else is one message. */
export function toBodies(data: RpcTypedData | null | undefined): Buffer[] {
  if (!data) return [];
  if (data.bytes) return [Buffer.from(data.bytes)];
  const text = data.json ?? data.string ?? data.int?.toString() ?? data.double?.toString();
  if (text === undefined) return [];
  const elements = parseArray(text);
  if (!elements) return [Buffer.from(text)];
  return elements.map((element) =>
    Buffer.from(typeof element === 'string' ? element : JSON.stringify(element)),
  );
}

function parseArray(text: string): unknown[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
