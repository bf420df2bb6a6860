// Writes schema/*.schema.json from the schemas that the program checks files with:  node tools/schemas.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { shownDefaults } from '../src/config/resolve.ts';
import { settingsSchema } from '../src/config/settings.ts';
import { taskFile } from '../src/tasks/custom/task-file.ts';

const folder = new URL('../schema/', import.meta.url);
/** Said of a key for `--help` alone. */
const helpOnly = ['hint', 'off', 'group'];

/** Text of each schema file, by its name. */
export function schemaFiles(): Record<string, string> {
  const provenance = z.looseObject({}).optional().meta({ description: 'what made the run; ignored when read again' });
  const config = settingsSchema.extend({ versions: provenance });
  return {
    'config.schema.json': jsonSchema(config, 'config file of s3delta', shownDefaults),
    'task.schema.json': jsonSchema(taskFile, "a user's own task for s3delta (task.yaml)"),
  };
}

function jsonSchema(schema: z.ZodObject, title: string, standard: Readonly<Record<string, unknown>> = {}): string {
  const described = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema, path }) => {
      for (const key of helpOnly) delete jsonSchema[key as keyof typeof jsonSchema];
      const key = String(path.at(-1));
      // Keys may share what is inside of them, which is told of at the place of one of them.
      if (path.length === 2 && zodSchema === schema.shape[key] && Object.hasOwn(standard, key)) {
        jsonSchema.default = standard[key] as never;
      }
    },
  });
  return `${JSON.stringify({ title, ...described }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(schemaFiles())) writeFileSync(new URL(name, folder), text);
}
