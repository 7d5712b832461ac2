import type { SourcePatch } from '@freshet/simulator/mutants';

/** The next release of both services: the same code, with entries of a new shape under keys of their own. */
export const nextRelease: readonly SourcePatch[] = [
  raise('user-service', 'profiles', 'profile'),
  raise('user-service', 'sessions', 'session'),
  raise('inventory-service', 'stock', 'stock'),
  raise('inventory-service', 'products', 'product'),
];

function raise(service: string, folder: string, entity: string): SourcePatch {
  const line = `entity: '${entity}',`;
  return {
    name: `next-release-${entity}`,
    file: `services/${service}/src/${folder}/service.ts`,
    edits: [[line, `${line} schemaVersion: 2,`]],
  };
}
