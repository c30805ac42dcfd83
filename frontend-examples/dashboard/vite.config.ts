import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development Vite serves the pages, and the service the rest: `SERVER=host:port` for another.
const server = process.env.SERVER ?? '127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    proxy: {
      '/graphql': { target: `http://${server}`, ws: true },
      '/demo': `http://${server}`,
      '/playground': `http://${server}`,
    },
  },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    // The page's policy allows no inline scripts, and a data: font is larger than a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
