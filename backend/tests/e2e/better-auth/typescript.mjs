// Runs modules as Next.js would compile them in the working directory: TypeScript as it is
// written, "@/lib/auth" for lib/auth.ts, and no suffix in imports.
//
// Its arguments are the modules, in the order in which they run.
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const root = pathToFileURL(`${process.cwd()}/`).href;
register("./typescript-hooks.mjs", import.meta.url, { data: { root } });

for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href);
