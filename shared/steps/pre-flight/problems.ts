/** Something that would stop a step in an environment. */
export interface Finding {
  readonly environment: string;
  readonly step: string;
  /** One sentence or more: cause and next step. */
  readonly text: string;
}

/** All findings as one text for people, each cause once. */
export function inWords(findings: readonly Finding[]): string {
  const causes = new Map<string, Finding[]>();
  for (const finding of findings) {
    const cause = causeOf(finding);
    causes.set(cause, [...(causes.get(cause) ?? []), finding]);
  }
  const list = [...causes].map(([cause, those]) => `${whereOf(those)}: ${textOf(cause, those)}`);
  return `The release cannot go through. ${list.join(' ')} Nothing was deployed. Put this right, then retry.`;
}

/** Begins what a client says of a request that failed. */
const REQUEST = /\b(GET|HEAD|POST|PUT|PATCH|DELETE) \/\S*: /g;

/** A host that does not answer gives one text for each request: without the request they are the same. */
function causeOf({ text }: Finding): string {
  return text.replace(REQUEST, '');
}

function textOf(cause: string, those: readonly Finding[]): string {
  const [first] = those;
  const text = first !== undefined && those.every((each) => each.text === first.text) ? first.text : cause;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** `dev, wheel`, or `dev and staging, wheel`; of several steps the environment alone, since they have one cause. */
function whereOf(those: readonly Finding[]): string {
  const environments = [...new Set(those.map(({ environment }) => environment))];
  const steps = new Set(those.map(({ step }) => step));
  const [step] = steps;
  return steps.size === 1 ? `${inARow(environments)}, ${step}` : inARow(environments);
}

function inARow(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
