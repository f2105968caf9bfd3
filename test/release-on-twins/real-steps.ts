import type { Ports } from '../../shared/engine/engine-ports.ts';
import { preFlight } from '../../shared/steps/pre-flight.ts';
import { STEP_KINDS, stepKinds } from '../../shared/steps/registry.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import type { RealWork } from './real-work.ts';

/** A content store at which it is seen who gets an archive, and who asks for something else then. */
export function watched(content: Ports['content'], work: RealWork): Ports['content'] {
  return {
    ...content,
    put(bytes) {
      work.asks();
      return content.put(bytes);
    },
    async get(digest) {
      work.asks();
      const bytes = await content.get(digest);
      work.got(bytes);
      return bytes;
    },
  };
}

/** The kinds of the service, where each step that is planned or applied is known to be at work. */
export function kindsAt(work: RealWork): ReadonlyMap<string, StepKind> {
  const known = STEP_KINDS.filter(({ name }) => name !== 'pre-flight').map((kind): StepKind => {
    const { plan, apply } = kind;
    return {
      ...kind,
      ...(plan === undefined ? {} : { plan: (context) => work.within(() => plan(context)) }),
      apply: (context, changes) => work.within(() => apply(context, changes)),
    };
  });
  return stepKinds([...known, preFlight(known)]);
}
