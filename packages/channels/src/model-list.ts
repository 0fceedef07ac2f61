import { isJsonObject } from './json-value.ts';

/** How a provider lists the models that a key may use. */
export interface ModelList {
  /** Of a GET, with its query. */
  readonly path: string;
  /** The names that requests use, in the order of the answer; none where it is of another shape. */
  namesIn(answer: unknown): string[];
}

/** `{"data":[{"id":…}]}`, as OpenAI, Anthropic and those that are like them answer. */
export const modelsByData = (path: string): ModelList => ({
  path,
  namesIn: (answer) => names(answer, 'data', 'id'),
});

/** `{"models":[{"name":"models/…"}]}`: https://ai.google.dev/api/models */
export const modelsByName = (path: string): ModelList => ({
  path,
  namesIn: (answer) => names(answer, 'models', 'name').map((each) => each.replace(/^models\//, '')),
});

function names(answer: unknown, list: string, field: string): string[] {
  const items: unknown = isJsonObject(answer) ? answer[list] : undefined;
  if (!Array.isArray(items)) return [];
  return items.flatMap((each: unknown) => {
    const name = isJsonObject(each) ? each[field] : undefined;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
}
