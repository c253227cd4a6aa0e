/** What is wrong with the fields of an `experiment.json`, all of it at once and in words. Knows valibot's schemas and issues, no experiments. */
import type * as v from 'valibot';
import { didYouMean } from '../../../core/text.js';

type Issue = v.BaseIssue<unknown>;

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'an object',
};

const pathOf = (issue: Issue): string[] => (issue.path ?? []).map(({ key }) => String(key));

/** What a schema is made of, where this kind of schema has it. */
interface Parts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Parts>>;
  readonly item?: Parts;
  readonly wrapped?: Parts;
  readonly getter?: (input: unknown) => Parts;
}

/** Names of the fields that stand where `path` leads to in `input`; none where it leads to no object of known fields. */
function fieldsAt(schema: Parts | undefined, input: unknown, path: readonly string[]): string[] {
  if (!schema) return [];
  if (schema.wrapped) return fieldsAt(schema.wrapped, input, path);
  if (schema.getter) return fieldsAt(schema.getter(input), input, path);
  const [key, ...rest] = path;
  if (key === undefined) return Object.keys(schema.entries ?? {});
  const next = (input as Readonly<Record<string, unknown>> | undefined)?.[key];
  return fieldsAt(schema.entries?.[key] ?? schema.item, next, rest);
}

/** `"arms.2.recipe" (arm "four")`: a field, and for one of a list's the name that people know the item by. */
function fieldText(path: readonly string[], input: unknown): string {
  const text = `"${path.join('.')}"`;
  const [list, index, ...rest] = path;
  if (list !== 'arms' || rest.length === 0 || rest[0] === 'name') return text;
  const arms = (input as { readonly arms?: readonly { readonly name?: unknown }[] }).arms;
  const name = arms?.[Number(index)]?.name;
  return typeof name === 'string' ? `${text} (arm "${name}")` : text;
}

const isMissing = ({ type, received }: Issue): boolean =>
  type === 'strict_object' && received === 'undefined';
const isUnknown = ({ type, expected }: Issue): boolean => type === 'strict_object' && expected === 'never';

/** `"a"`, `"a" and "b"`, `"a", "b" and "c"`. */
function listed(texts: readonly string[]): string {
  const [last, ...others] = [...texts].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
}

/** valibot's words for another kind of value, in ours. */
function messageOf({ message, expected, received }: Issue): string {
  if (!message.startsWith('Invalid type')) return message;
  return `must be ${kinds[expected ?? ''] ?? expected}, not ${received}`;
}

/** One line that says of each issue what is wrong where: fields that are missing, that there are not, and that hold something else. */
export function issuesText(schema: Parts, input: unknown, issues: readonly Issue[]): string {
  const missing = issues.filter((issue) => isMissing(issue) && pathOf(issue).length > 0);
  const names = missing.map((issue) => fieldText(pathOf(issue), input));
  const texts =
    names.length === 0
      ? []
      : [
          `the ${names.length === 1 ? 'field' : 'fields'} ${listed(names)} ${names.length === 1 ? 'is' : 'are'} missing`,
        ];
  for (const issue of issues) {
    const path = pathOf(issue);
    if (missing.includes(issue)) continue;
    if (path.length === 0) texts.push(messageOf(issue));
    else if (isUnknown(issue)) {
      const known = fieldsAt(schema, input, path.slice(0, -1));
      texts.push(
        `has a field ${fieldText(path, input)} that there is not.${didYouMean(path[path.length - 1], known)}`,
      );
    } else texts.push(`field ${fieldText(path, input)}: ${messageOf(issue)}`);
  }
  return texts.join('; ');
}
