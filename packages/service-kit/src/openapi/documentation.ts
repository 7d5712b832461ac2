import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Express } from 'express';
import { type ApiOptions, openApiDocument } from './document.ts';

const assetFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

// Everything comes from this server; Swagger UI styles its elements inline.
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** `/openapi.json`, and `/docs` to browse it. Addresses are relative, so that a gateway may add a prefix. */
export function mountDocumentation(app: Express, api: ApiOptions): void {
  const document = JSON.stringify(openApiDocument(api));
  app.get('/openapi.json', (_request, response) => {
    response.type('json').send(document);
  });
  app.get('/docs', (_request, response) => {
    response.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(page(api.name));
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('js').send(startScript);
  });
  for (const asset of assets) {
    app.get(`/docs/${asset}`, (_request, response) => {
      response.sendFile(asset, { root: assetFolder, maxAge: '1h' });
    });
  }
}

const page = (name: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${name}</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const startScript = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true });\n`;
