import * as z from 'zod';
import type { Grant, SecurableKind } from '../../engine/databricks-client.ts';
import { Refusal } from '../../errors.ts';
import { problemText } from '../configuration-file.ts';

/** One securable of the file, with its parents' names in its body and its grants beside it. */
export interface Securable {
  readonly kind: SecurableKind;
  /** `catalog.schema.volume`. */
  readonly fullName: string;
  /** As the REST API takes it when it is made. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Null where the file says nothing about grants. */
  readonly grants: readonly Grant[] | null;
  /** Whether what others granted is taken away. */
  readonly authoritative: boolean;
}

const grants = z.array(
  z.strictObject({ principal: z.string().min(1), privileges: z.array(z.string()).min(1) }),
);
const own = { grants: grants.optional(), authoritative_grants: z.boolean().optional() };
const name = z
  .string()
  .regex(/^[^\s./\p{Cc}]{1,255}$/u, 'must be 1 to 255 characters without spaces, dots and slashes');

const volume = z.looseObject({ name, volume_type: z.enum(['MANAGED', 'EXTERNAL']), ...own });
const schema = z.looseObject({ name, volumes: z.array(volume).optional(), ...own });
const catalog = z.looseObject({ name, schemas: z.array(schema).optional(), ...own });
const topLevel = z.looseObject({ name, ...own });

const fileShape = z.strictObject({
  storage_credentials: z.array(topLevel).optional(),
  external_locations: z.array(topLevel).optional(),
  catalogs: z.array(catalog).optional(),
});

type Item = z.infer<typeof topLevel>;

/** What a project without the file gets: its catalog, and the schemas of the medallion architecture. */
export function defaultFile(catalogName: string, environment: string): unknown {
  const schemas = ['bronze', 'silver', 'gold', 'utilities'].map((layer) => ({
    name: layer,
    comment: `${layer.charAt(0).toUpperCase()}${layer.slice(1)} layer for medallion architecture`,
  }));
  return {
    catalogs: [{ name: catalogName, comment: `Data catalog for ${environment} environment`, schemas }],
  };
}

/**
 * All securables of a file whose references are filled in, parents before children.
 * @throws Refusal naming every place that is wrong.
 */
export function readSecurables(value: unknown): Securable[] {
  const parsed = fileShape.safeParse(value);
  if (!parsed.success) throw refusal(parsed.error.issues.map(problemText));
  const { storage_credentials = [], external_locations = [], catalogs = [] } = parsed.data;
  const securables = [
    ...storage_credentials.map((item) => securable('storage-credential', item, [])),
    ...external_locations.map((item) => securable('external-location', item, [])),
    ...catalogs.flatMap(catalogAndBelow),
  ];
  const problems = [...doubled(securables), ...securables.flatMap(volumeProblems)];
  if (problems.length > 0) throw refusal(problems);
  return securables;
}

function refusal(problems: readonly string[]): Refusal {
  return new Refusal(`unity-catalog.json cannot be deployed. ${problems.join(' ')}`);
}

function catalogAndBelow({ schemas = [], ...item }: z.infer<typeof catalog>): Securable[] {
  return [
    securable('catalog', item, []),
    ...schemas.flatMap(({ volumes = [], ...inner }) => [
      securable('schema', inner, [item.name]),
      ...volumes.map((each) => securable('volume', each, [item.name, inner.name.toLowerCase()])),
    ]),
  ];
}

/** Names of schemas and volumes are kept in lower case by the server, so they are sent so. */
function securable(kind: SecurableKind, item: Item, parents: readonly string[]): Securable {
  const { grants: given, authoritative_grants, ...body } = item;
  const itsName = parents.length > 0 ? item.name.toLowerCase() : item.name;
  const [catalog_name, schema_name] = parents;
  return {
    kind,
    fullName: [...parents, itsName].join('.'),
    body: {
      ...body,
      name: itsName,
      ...(catalog_name === undefined ? {} : { catalog_name }),
      ...(schema_name === undefined ? {} : { schema_name }),
    },
    grants: given === undefined && authoritative_grants !== true ? null : (given ?? []).map(readGrant),
    authoritative: authoritative_grants ?? false,
  };
}

/** The API spells privileges in upper case with underscores; SQL, where people know them from, with spaces. */
function readGrant({ principal, privileges }: Grant): Grant {
  return {
    principal,
    privileges: privileges.map((each) => each.trim().toUpperCase().replace(/[ -]+/g, '_')),
  };
}

function doubled(securables: readonly Securable[]): string[] {
  const names = securables.map(({ kind, fullName }) => `${kind} ${fullName.toLowerCase()}`);
  return [...new Set(names.filter((each, index) => names.indexOf(each) !== index))].map(
    (each) => `${each} stands there twice.`,
  );
}

function volumeProblems({ kind, fullName, body }: Securable): string[] {
  if (kind !== 'volume') return [];
  const hasPlace = body.storage_location !== undefined;
  if (body.volume_type === 'EXTERNAL' && !hasPlace)
    return [`volume ${fullName} is EXTERNAL and needs a storage_location.`];
  return body.volume_type === 'MANAGED' && hasPlace
    ? [`volume ${fullName} is MANAGED and must not have a storage_location.`]
    : [];
}
