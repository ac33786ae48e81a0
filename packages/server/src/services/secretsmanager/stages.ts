import type { SecretRecord, SecretVersion } from './records.ts';

export const current = 'AWSCURRENT';
export const previous = 'AWSPREVIOUS';

/** Versions without a stage may go; some of them are kept for those who still hold their id. */
const deprecatedKept = 20;

/** Puts stages on one version. A stage is on one version at a time; what was current becomes previous. */
export function withStages(versions: readonly SecretVersion[], id: string, stages: readonly string[]): readonly SecretVersion[] {
  const was = versions.find((version) => version.stages.includes(current));
  const moved = versions.map((version) => {
    if (version.id === id) return { ...version, stages: [...new Set([...version.stages, ...stages])] };
    return { ...version, stages: version.stages.filter((stage) => !stages.includes(stage)) };
  });
  const demoted = stages.includes(current) && was !== undefined && was.id !== id ? onlyOn(moved, was.id, previous) : moved;
  // The new current version is not the previous one too.
  const settled = stages.includes(current)
    ? demoted.map((each) => (each.id === id ? { ...each, stages: each.stages.filter((stage) => stage !== previous) } : each))
    : demoted;
  return trimmed(settled);
}

const onlyOn = (versions: readonly SecretVersion[], id: string, stage: string): readonly SecretVersion[] =>
  versions.map((version) => ({
    ...version,
    stages: [...version.stages.filter((each) => each !== stage), ...(version.id === id ? [stage] : [])],
  }));

function trimmed(versions: readonly SecretVersion[]): readonly SecretVersion[] {
  const deprecated = versions.filter(({ stages }) => stages.length === 0);
  const gone = new Set(deprecated.slice(0, Math.max(0, deprecated.length - deprecatedKept)));
  return versions.filter((version) => !gone.has(version));
}

export const stagesOf = (secret: SecretRecord): Record<string, string[]> =>
  Object.fromEntries(secret.versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, [...stages]]));
