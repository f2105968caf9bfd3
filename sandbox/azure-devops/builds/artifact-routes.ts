import { type Answer, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { type Context, dateOf } from '../context.ts';
import { getArtifact, listArtifacts } from '../contract/build-table.ts';
import { getRunArtifact } from '../contract/pipelines-table.ts';
import { list } from '../page.ts';
import { missing } from '../refusals.ts';
import { zipOf } from '../zip.ts';
import { buildOf, runOf } from './find-build.ts';
import { projectUrl } from './render-build.ts';
import type { Artifact, Build } from './rows.ts';
import { pathOf, signUrl } from './signature.ts';

export function artifactRoutes(context: Context): Route[] {
  return [
    route(listArtifacts, (call) => {
      const build = buildOf(context, call);
      return list(artifactsOf(context, build.id).map((artifact) => renderArtifact(context, build, artifact)));
    }),
    route(getArtifact, async (call) => {
      const build = buildOf(context, call);
      const artifact = artifactNamed(context, build.id, call.query.artifactName);
      if (call.query.$format === 'zip') return download(context, artifact);
      return json(renderArtifact(context, build, artifact));
    }),
    route(getRunArtifact, (call) => {
      const build = runOf(context, call);
      const artifact = pipelineArtifact(context, build.id, call.query.artifactName);
      const url = runArtifactUrl(context, build, artifact);
      if (call.query.$expand !== 'signedContent') return json({ name: artifact.name, url });
      const signed = signUrl(context, artifact);
      const signedContent = { url: signed.url, signatureExpires: dateOf(signed.expiresAt) };
      return json({ name: artifact.name, signedContent, url });
    }),
  ];
}

function artifactsOf({ state }: Context, buildId: number): Artifact[] {
  return [...state.artifacts.values()].filter((artifact) => artifact.buildId === buildId);
}

/** The artifact of that name; refuses an unknown one. */
export function artifactNamed(context: Context, buildId: number, name: string): Artifact {
  const artifact = artifactsOf(context, buildId).find((its) => its.name === name);
  if (artifact) return artifact;
  throw missing('ArtifactNotFoundException', `The artifact ${name} was not found for build ${buildId}.`);
}

/** The run route knows artifacts of the pipeline kind only. */
function pipelineArtifact(context: Context, buildId: number, name: string): Artifact {
  const artifact = artifactNamed(context, buildId, name);
  if (artifact.kind === 'PipelineArtifact') return artifact;
  throw missing('ArtifactNotFoundException', `The artifact ${name} is no pipeline artifact.`);
}

/** Containers are served at once; pipeline artifacts are on another host. */
async function download(context: Context, artifact: Artifact): Promise<Answer> {
  if (artifact.kind === 'PipelineArtifact') {
    const location = `${context.origins.content}/content/${pathOf(artifact)}?format=zip`;
    return { status: 302, headers: { location } };
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/zip' },
    bytes: await zipOf(artifact.entries, artifact.name),
  };
}

function renderArtifact(context: Context, build: Build, artifact: Artifact) {
  const { id, name, kind, source, entries } = artifact;
  const sizeInBytes = [...entries.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  const base = `${projectUrl(context, build.projectId)}/_apis/build/builds/${build.id}/artifacts`;
  const query = `artifactName=${encodeURIComponent(name)}&api-version=7.1`;
  const properties =
    kind === 'Container'
      ? { localpath: `/home/vsts/work/1/a/${name}`, artifactsize: String(sizeInBytes) }
      : { RootId: `root-${id}`, HashType: 'DEDUP1024K', artifactsize: String(sizeInBytes) };
  return {
    id,
    name,
    source,
    resource: {
      type: kind,
      data: kind === 'Container' ? `#/${build.id}/${name}` : `content-of-${id}`,
      properties,
      url: `${base}?${query}`,
      downloadUrl: `${base}?${query}&%24format=zip`,
    },
  };
}

function runArtifactUrl(context: Context, build: Build, { name }: Artifact): string {
  const run = `${projectUrl(context, build.projectId)}/_apis/pipelines/${build.definitionId}/runs/${build.id}`;
  return `${run}/artifacts?artifactName=${encodeURIComponent(name)}`;
}
