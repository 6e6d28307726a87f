// Configuration in three plain steps: a YAML file and the environment are read, checked whole (every problem is
// named, not only the first), and typed. What comes out is trusted.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { z } from "zod";
import { VsError } from "./errors.ts";

export interface ConfigSources {
  /** Path of a YAML file; none: the environment alone. */
  readonly file?: string | undefined;
  /** The environment, or a part of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For a key of the schema, the variable that overrides the file: `dataDir` → `VSTREAM_DATA_DIR`. */
  readonly envPrefix: string;
}

/**
 * Reads and checks a program's configuration.
 * @throws VsError invalid_config that names every problem at once
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  sources: ConfigSources,
): z.infer<z.ZodObject<Shape>> {
  const given = { ...readFile(sources.file), ...readEnvironment(Object.keys(schema.shape), sources) };
  const checked = schema.strict().safeParse(given);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${issue.path.join(".") || "configuration"}: ${issue.message}`);
  throw new VsError(
    "invalid_config",
    `the configuration has ${String(problems.length)} problem(s):\n  ${problems.join("\n  ")}`,
    {
      hint: sources.file === undefined ? `Set the variables named ${sources.envPrefix}…` : `Correct ${sources.file}`,
    },
  );
}

/** The environment variable that stands for a key. */
export function variableFor(key: string, prefix: string): string {
  return prefix + key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function readFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new VsError(
      "invalid_config",
      `cannot read the configuration ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new VsError("invalid_config", `the configuration ${path} is not a list of "key: value" lines`);
  }
  return { ...content };
}

// Values from the environment are text; those that read as YAML numbers, booleans, lists or maps are taken as such.
function readEnvironment(keys: readonly string[], sources: ConfigSources): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const key of keys) {
    const text = sources.env[variableFor(key, sources.envPrefix)];
    if (text !== undefined && text !== "") given[key] = asValue(text);
  }
  return given;
}

function asValue(text: string): unknown {
  try {
    const value: unknown = parse(text);
    return typeof value === "object" && value !== null && !/^[[{]/.test(text.trim()) ? text : value;
  } catch {
    return text;
  }
}
