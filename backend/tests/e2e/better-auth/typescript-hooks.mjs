// Hooks of Node's module loader for typescript.mjs.
import { readFile } from "node:fs/promises";
import ts from "typescript";

const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
let root;

export function initialize(data) {
  root = data.root;
}

export function resolve(specifier, context, next) {
  if (specifier.startsWith("@/")) return next(`${root}${specifier.slice(2)}.ts`, context);
  if (specifier.startsWith(".") && context.parentURL.endsWith(".ts")) {
    return next(`${specifier}.ts`, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const text = await readFile(new URL(url), "utf8");
  const source = ts.transpileModule(text, { compilerOptions }).outputText;
  return { format: "module", source, shortCircuit: true };
}
