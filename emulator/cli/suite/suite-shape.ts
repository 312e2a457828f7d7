/** How a suite's values may look: one description that files are checked by, and that becomes the JSON schema of editors. */
import type { ConfigurationError } from '../../base/errors.js';
import { didYouMean } from '../../memory/nearest-name.js';
import { suiteError, type MapNode, type SuiteNode } from './suite-node.js';

interface Described {
  readonly describe: string;
}

export type SuiteShape =
  /** A text or a number, or one of `choices`. */
  | (Described & { readonly type: 'text'; readonly choices?: readonly string[] })
  | (Described & { readonly type: 'flag' })
  /** Some of one shape; one alone need not be a list. */
  | (Described & { readonly type: 'some'; readonly of: SuiteShape })
  | (Described & { readonly type: 'list'; readonly of: SuiteShape })
  /** Keys of the user's own, which look like `key`. */
  | (Described & { readonly type: 'map'; readonly key: RegExp; readonly of: SuiteShape })
  | KeysShape
  /** One of the keys, and with it those that belong to it. */
  | (Described & { readonly type: 'one-key'; readonly keys: Readonly<Record<string, OneKey>> });

export interface KeysShape extends Described {
  readonly type: 'keys';
  readonly keys: Readonly<Record<string, SuiteShape>>;
  /** What to say of a key that users may expect here. */
  readonly instead?: Readonly<Record<string, string>>;
}

interface OneKey {
  readonly value: SuiteShape;
  readonly also: Readonly<Record<string, SuiteShape>>;
}

/** @throws ConfigurationError with file, line and column where `node` does not look like `shape` */
export function checkShape(path: string, node: SuiteNode, shape: SuiteShape, name = ''): void {
  const refuse = (sentence: string): ConfigurationError =>
    suiteError(path, node, name === '' ? sentence : `${name}: ${sentence}`);
  switch (shape.type) {
    case 'text':
      if (node.kind !== 'text') throw refuse(`${wanted('a text or a number', node)}`);
      if (shape.choices !== undefined && !shape.choices.includes(node.text)) {
        throw refuse(`there is ${shape.choices.join(' and ')}, not ${node.text}`);
      }
      return;
    case 'flag':
      if (node.kind !== 'flag') throw refuse(wanted('true or false', node));
      return;
    case 'some':
      if (node.kind !== 'list') return checkShape(path, node, shape.of, name);
      return checkItems(path, node.items, shape.of, name);
    case 'list':
      if (node.kind !== 'list') throw refuse(wanted('a list', node));
      return checkItems(path, node.items, shape.of, name);
    case 'map':
    case 'keys':
    case 'one-key':
      if (node.kind !== 'map') throw refuse(wanted('keys with values', node));
      return checkMap(path, node, shape, name);
  }
}

function checkItems(
  path: string,
  items: readonly SuiteNode[],
  shape: SuiteShape,
  name: string,
): void {
  for (const item of items) checkShape(path, item, shape, name);
}

type MapShape = Extract<SuiteShape, { type: 'map' | 'keys' | 'one-key' }>;

function checkMap(path: string, node: MapNode, shape: MapShape, name: string): void {
  const known = shape.type === 'map' ? null : knownKeys(path, node, shape);
  for (const [key, { key: place, value }] of node.entries) {
    const of = shape.type === 'map' && shape.key.test(key) ? shape.of : own(known ?? {}, key);
    if (of === undefined) throw suiteError(path, place, unknownKey(key, shape, known ?? {}, name));
    checkShape(path, value, of, key);
  }
}

/** The keys that there may be, with their shapes. @throws ConfigurationError unless one key of a choice is there */
function knownKeys(
  path: string,
  node: MapNode,
  shape: Exclude<MapShape, { type: 'map' }>,
): Readonly<Record<string, SuiteShape>> {
  if (shape.type === 'keys') return shape.keys;
  const all = Object.keys(shape.keys);
  const given = [...node.entries.keys()].filter((key) => all.includes(key));
  const [key = '', second] = given;
  const chosen = own(shape.keys, key);
  if (second !== undefined) {
    throw suiteError(
      path,
      node,
      `${key} and ${second} are two steps: each begins with its own dash`,
    );
  }
  if (chosen !== undefined) return { [key]: chosen.value, ...chosen.also };
  const [unknown] = node.entries.keys();
  const hint = unknown === undefined ? '' : didYouMean(unknown, all);
  throw suiteError(path, node, `one of ${all.join(', ')} is missing${hint}`);
}

function unknownKey(
  key: string,
  shape: MapShape,
  known: Readonly<Record<string, SuiteShape>>,
  name: string,
): string {
  const of = name === '' ? '' : ` of ${name}`;
  if (shape.type === 'map') return `${key} is no key${of}: ${shape.describe}`;
  const instead = shape.type === 'keys' ? own(shape.instead ?? {}, key) : undefined;
  if (instead !== undefined) return `there is no key ${key}${of}: ${instead}`;
  return `there is no key ${key}${of}${didYouMean(key, Object.keys(known))}`;
}

/** A table's value; nothing under names that every object has. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function wanted(what: string, node: SuiteNode): string {
  switch (node.kind) {
    case 'text':
      return `this is ${what}, not ${JSON.stringify(node.text)}`;
    case 'flag':
      return `this is ${what}, not ${node.value}; a text is put in quotes`;
    case 'list':
      return `this is ${what}, not a list`;
    case 'map':
      return `this is ${what}, not keys with values; a text with a colon in it is put in quotes`;
    case 'nothing':
      return `this is ${what}; here is nothing`;
  }
}

/** The same as a JSON schema. [JSON Schema, draft 7] */
export function jsonSchemaOf(shape: SuiteShape): Readonly<Record<string, unknown>> {
  const description = shape.describe === '' ? {} : { description: shape.describe };
  switch (shape.type) {
    case 'text':
      return shape.choices === undefined
        ? { ...description, type: ['string', 'number'] }
        : { ...description, enum: shape.choices.flatMap(asWritten) };
    case 'flag':
      return { ...description, type: 'boolean' };
    case 'some': {
      const item = jsonSchemaOf(shape.of);
      return { ...description, anyOf: [item, { type: 'array', items: item }] };
    }
    case 'list':
      return { ...description, type: 'array', items: jsonSchemaOf(shape.of) };
    case 'map':
      return {
        ...description,
        type: 'object',
        patternProperties: { [shape.key.source]: jsonSchemaOf(shape.of) },
        additionalProperties: false,
      };
    case 'keys':
      return { ...description, ...objectSchema(shape.keys) };
    case 'one-key':
      return {
        ...description,
        oneOf: Object.entries(shape.keys).map(([key, { value, also }]) => ({
          ...objectSchema({ [key]: value, ...also }),
          required: [key],
        })),
      };
  }
}

/** Without quotes a number is one in YAML. */
function asWritten(choice: string): (string | number)[] {
  return /^\d+$/.test(choice) ? [choice, Number(choice)] : [choice];
}

function objectSchema(
  keys: Readonly<Record<string, SuiteShape>>,
): Readonly<Record<string, unknown>> {
  const properties = Object.entries(keys).map(
    ([key, shape]) => [key, jsonSchemaOf(shape)] as const,
  );
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}
