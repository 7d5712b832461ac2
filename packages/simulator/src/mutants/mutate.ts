import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.ts';

const name = process.env['FRESHET_MUTANT'];
const mutant = mutants.find((candidate) => candidate.name === name);
if (mutant === undefined) throw new Error(`There is no mutant ${name}.`);

const root = new URL('../../../../', import.meta.url);
const target = fileURLToPath(new URL(mutant.file, root));

// Loaded with --import: the module is changed on its way in, and the file is not touched.
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || fileURLToPath(url) !== target || loaded.source === undefined)
      return loaded;
    let source = String(loaded.source);
    for (const [find, replace] of mutant.edits) {
      if (source.split(find).length !== 2)
        throw new Error(`Mutant ${mutant.name}: not exactly once in ${mutant.file}: ${find}`);
      source = source.replace(find, () => replace);
    }
    return { ...loaded, source };
  },
});
