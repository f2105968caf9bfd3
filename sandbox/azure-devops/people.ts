import { type Context, organizationUrl } from './context.ts';
import { missing } from './refusals.ts';
import type { Person } from './state.ts';

/** A person or a group to add. */
export interface NewPerson {
  displayName: string;
  /** Sign-in name; made from the display name when absent. */
  uniqueName?: string;
  /** Names of the members; makes it a group. */
  members?: readonly string[];
}

/** Adds a person or a group; someone of that name keeps the id, and gets the members. */
export function addPerson(context: Context, { displayName, uniqueName, members }: NewPerson): Person {
  const known = findPerson(context, uniqueName ?? displayName);
  const id = known?.id ?? context.chance.uuid();
  const person: Person = {
    id,
    displayName,
    uniqueName: uniqueName ?? `${displayName.toLowerCase().replace(/[^a-z0-9]+/g, '.')}@example.com`,
    descriptor: `aad.${Buffer.from(id).toString('base64url')}`,
    ...(members ? { members: members.map((name) => personNamed(context, name).id) } : {}),
  };
  context.state.people.set(id, person);
  return person;
}

/** Finds someone by id, sign-in name or display name. */
export function findPerson({ state }: Context, name: string): Person | undefined {
  const wanted = name.toLowerCase();
  return [...state.people.values()].find((person) =>
    [person.id, person.uniqueName, person.displayName].some((its) => its.toLowerCase() === wanted),
  );
}

/** Someone that must exist; throws an error otherwise. */
export function personNamed(context: Context, name: string): Person {
  const person = findPerson(context, name);
  if (!person) throw new Error(`nobody is called "${name}"`);
  return person;
}

/** Who sent a request: the token's principal, made known to the organisation on first sight. */
export function callerOf(context: Context, principal: string): Person {
  return findPerson(context, principal) ?? addPerson(context, { displayName: principal });
}

/** Whether someone is the approver, or a member of the group that is. */
export function speaksFor({ state }: Context, personId: string, approverId: string): boolean {
  return personId === approverId || (state.people.get(approverId)?.members ?? []).includes(personId);
}

/** The wire form of a person. */
export function identityOf(context: Context, id: string) {
  const person = context.state.people.get(id);
  if (!person) throw missing('IdentityNotFoundException', `identity ${id} does not exist`);
  const avatar = `${organizationUrl(context)}/_apis/GraphProfile/MemberAvatars/${person.descriptor}`;
  return {
    displayName: person.displayName,
    url: `${organizationUrl(context)}/_apis/Identities/${id}`,
    _links: { avatar: { href: avatar } },
    id,
    uniqueName: person.uniqueName,
    imageUrl: avatar,
    descriptor: person.descriptor,
    ...(person.members ? { isContainer: true } : {}),
  };
}

/** An identity as the older payloads carry it. */
export function shortIdentity(context: Context, personId: string) {
  const { id, displayName, uniqueName, url, imageUrl } = identityOf(context, personId);
  return { id, displayName, uniqueName, url, imageUrl };
}
