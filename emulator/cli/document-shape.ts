/** Whether a JSON document that somebody gives back to us still looks like what was written: edited, cut or foreign ones do not. */

/**
 * What a value has to look like: a text, a number or a truth value by an example, a text by an expression, an object by the keys that are
 * needed (others may be there), a list by an array of one, a tuple by an array of more.
 */
export type Shape =
  | string
  | number
  | boolean
  | RegExp
  | readonly Shape[]
  | EveryValue
  | { readonly [key: string]: Part };

export interface OrNull {
  readonly orNull: Shape;
}

/** A member that may be missing. */
export interface Optional {
  readonly optional: Shape;
}

type Part = Shape | OrNull | Optional;

export const optional = (shape: Shape): Optional => ({ optional: shape });

export const orNull = (shape: Shape): OrNull => ({ orNull: shape });

/** An object whose values, under whatever keys, all have this shape. */
export interface EveryValue {
  readonly everyValue: Shape | OrNull;
}

/** Numbers of a run are exact integers, or shares and times below them. */
const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

/** The first part that does not have its shape, such as `stats.cycles`; null when all have. */
export function misshapenPart(value: unknown, shape: Part, name = ''): string | null {
  if (isOptional(shape)) {
    return value === undefined ? null : misshapenPart(value, shape.optional, name);
  }
  if (isOrNull(shape)) return value === null ? null : misshapenPart(value, shape.orNull, name);
  if (typeof shape === 'string') return typeof value === 'string' ? null : name;
  if (typeof shape === 'boolean') return typeof value === 'boolean' ? null : name;
  if (typeof shape === 'number') {
    return typeof value === 'number' && value >= 0 && value <= NUMBER_MAX ? null : name;
  }
  if (shape instanceof RegExp) {
    return typeof value === 'string' && shape.test(value) ? null : name;
  }
  if (isList(shape)) return misshapenItem(value, shape, name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return name;
  const members = value as Record<string, unknown>;
  const keys = isEveryValue(shape) ? Object.keys(members) : Object.keys(shape);
  for (const key of keys) {
    const part = isEveryValue(shape) ? shape.everyValue : shape[key];
    const inside = name === '' ? key : `${name}.${key}`;
    const wrong = part === undefined ? null : misshapenPart(members[key], part, inside);
    if (wrong !== null) return wrong;
  }
  return null;
}

function misshapenItem(value: unknown, shape: readonly Shape[], name: string): string | null {
  if (!Array.isArray(value)) return name;
  const isTuple = shape.length > 1;
  if (isTuple && value.length !== shape.length) return name;
  for (const [index, item] of value.entries()) {
    const part = isTuple ? shape[index] : shape[0];
    const wrong = part === undefined ? name : misshapenPart(item, part, `${name}[${index}]`);
    if (wrong !== null) return wrong;
  }
  return null;
}

function isList(shape: Shape): shape is readonly Shape[] {
  return Array.isArray(shape);
}

function isEveryValue(shape: object): shape is EveryValue {
  return 'everyValue' in shape;
}

function isOptional(shape: Part): shape is Optional {
  return typeof shape === 'object' && 'optional' in shape;
}

function isOrNull(shape: Shape | OrNull): shape is OrNull {
  return typeof shape === 'object' && 'orNull' in shape;
}
