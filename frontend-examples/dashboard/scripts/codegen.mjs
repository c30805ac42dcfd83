// Types of every operation in src/**/*.graphql, from the service's schema: a schema that no longer
// has what a page asks for breaks the build here, with the file and the line.
//
// This runs graphql-codegen's client preset by itself; the command-line program around it brings
// loaders for remote schemas that nothing here needs.
import { codegen } from '@graphql-codegen/core';
import { preset } from '@graphql-codegen/client-preset';
import { buildSchema, parse, validate, Source } from 'graphql';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'src/gql/');
const sdl = readFileSync(join(root, '../../schema.graphql'), 'utf8');
const schema = buildSchema(sdl);

const files = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.graphql'))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();

const documents = files.map((location) => {
  const rawSDL = readFileSync(location, 'utf8');
  return { location, rawSDL, document: parse(new Source(rawSDL, relative(root, location))) };
});

const all = { kind: 'Document', definitions: documents.flatMap((d) => d.document.definitions) };
const errors = validate(schema, all);
if (errors.length > 0) {
  console.error(errors.map(String).join('\n\n'));
  process.exit(1);
}

const sections = await preset.buildGeneratesSection({
  baseOutputDir: output,
  schema: parse(sdl),
  schemaAst: schema,
  documents,
  config: {
    // Money is text, and stays text.
    scalars: { Decimal: 'string', DateTime: 'string', IdempotencyKey: 'string', Long: 'number' },
    strictScalars: true,
    useTypeImports: true,
    enumsAsTypes: true,
    skipTypename: true,
  },
  presetConfig: { fragmentMasking: false },
  plugins: [],
  pluginMap: {},
});

mkdirSync(output, { recursive: true });
for (const section of sections) {
  // `gql.ts` looks operations up by their text, which pages that import documents do not need.
  if (!section.filename.endsWith('graphql.ts')) continue;
  writeFileSync(section.filename, await codegen(section));
}
