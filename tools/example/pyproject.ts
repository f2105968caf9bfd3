/** What a wheel needs to know of a `pyproject.toml`. */
export interface PythonProject {
  name: string;
  description: string;
  requiresPython: string;
  /** Console scripts: name → `module:function`. A `python_wheel_task` finds its entry point here. */
  scripts: ReadonlyMap<string, string>;
}

/**
 * Reads the `[project]` and `[project.scripts]` tables of a `pyproject.toml`.
 * Understands `key = "text"` lines; other values in these tables are passed over.
 * Throws when name, description or requires-python is missing.
 */
export function readPyproject(text: string): PythonProject {
  const project = readTable(text, 'project');
  return {
    name: required(project, 'name'),
    description: required(project, 'description'),
    requiresPython: required(project, 'requires-python'),
    scripts: readTable(text, 'project.scripts'),
  };
}

function readTable(text: string, name: string): Map<string, string> {
  const values = new Map<string, string>();
  let table = '';
  for (const line of text.split(/\r?\n/)) {
    table = /^\[([^[\]]+)\]\s*$/.exec(line)?.[1] ?? table;
    const [, key, value] = /^([\w-]+)\s*=\s*"([^"\\]*)"\s*$/.exec(line) ?? [];
    if (table === name && key !== undefined && value !== undefined) values.set(key, value);
  }
  return values;
}

function required(table: Map<string, string>, key: string): string {
  const value = table.get(key);
  if (value === undefined) throw new Error(`pyproject.toml: [project] has no ${key}`);
  return value;
}
