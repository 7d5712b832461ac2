import { defineConfig } from 'vite';

/**
 * Makes web/dist: index.html, which the relay serves at `/`, and what it refers to, at `/console/*`. Addresses are
 * relative, so that a gateway may add a prefix.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsDir: 'console',
    // Browsers that know light-dark(): all since 2024.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Both would need a more lenient Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
