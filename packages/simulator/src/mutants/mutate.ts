import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { applyMutant, chosenMutant, fileOf } from './apply.ts';

const mutant = chosenMutant();

// Loaded with --import: the module is changed on its way in, and the file is not touched.
if (mutant !== null) {
  const target = fileOf(mutant);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:') || fileURLToPath(url) !== target || loaded.source == null) return loaded;
      return { ...loaded, source: applyMutant(mutant, textOf(loaded.source)) };
    },
  });
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
