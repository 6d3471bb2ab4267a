/** How the console is built: `npm run console:build` writes `console/dist`, which Hookline serves. */
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative to the page's `<base>`, which Hookline sets: it knows the path at which browsers reach it.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'vue', throwIfNamespace: false } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  build: {
    target: 'es2023',
    // The content security policy lets nothing stand in the page or in a style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: 'third-party-notices.txt' },
  },
});
