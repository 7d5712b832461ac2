import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { applyMutant, fileOf, type SourcePatch } from './apply.ts';

/** From now on the module of the patch is changed on its way in; the file is not touched. */
export function patchSource(patch: SourcePatch): void {
  const target = fileOf(patch);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:') || fileURLToPath(url) !== target || loaded.source == null) return loaded;
      return { ...loaded, source: applyMutant(patch, textOf(loaded.source)) };
    },
  });
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
