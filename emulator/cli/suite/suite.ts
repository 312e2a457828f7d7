/** A suite file, understood: what its cases have in common, and what varies. */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ConfigurationError, refusingAt } from '../../base/errors.js';
import { parseSize } from '../../base/size.js';
import { SerialExpectations } from '../expectations.js';
import { parseCount, parseDurationNs } from '../quantities.js';
import { parseExpression, parsePattern } from '../serial-pattern.js';
import { groupNames } from '../serial-records.js';
import type { StepSpec } from '../serial-steps.js';
import { combinations, expandedValues, ROWS_MAX, type Variation } from '../sweep-plan.js';
import { SUITE_SHAPE } from './suite-keys.js';
import { readSuiteNode, suiteError, type MapNode, type SuiteNode } from './suite-node.js';
import { checkShape } from './suite-shape.js';

export const SUITE_ENDING = '.boot.yaml';

/** The most that something of a run may be. */
export interface Budget {
  /** `resident`, `cycles` or `sym:FUNCTION`. */
  readonly name: string;
  readonly most: number;
}

export interface Suite {
  /** The file, as it was named. */
  readonly path: string;
  readonly name: string;
  /** The file's contents, which know their places. */
  readonly root: MapNode;
  readonly matrix: readonly Variation[];
  readonly steps: readonly StepSpec[];
  readonly never: readonly string[];
  readonly budgets: readonly Budget[];
  /** Words of `--record`. */
  readonly records: readonly string[];
  readonly golden: string | null;
}

/** @throws HostError, ConfigurationError with file, line and column */
export function readSuite(path: string): Suite {
  const root = readSuiteNode(path);
  checkShape(path, root, SUITE_SHAPE);
  const steps = itemsOf(root, 'steps').map((node) => stepOf(path, node));
  return {
    path,
    name: nameOf(path, root),
    root,
    matrix: matrixOf(path, root),
    steps,
    never: neverOf(path, root),
    budgets: membersOf(root, 'budget').map(([name, node]) =>
      at(path, node, () => budgetOf(name, textOf(node))),
    ),
    records: membersOf(root, 'record').map(([name, node]) =>
      at(path, node, () => recordOf(name, textOf(node), steps)),
    ),
    golden: valueOf(root, 'golden') === null ? null : textOf(valueOf(root, 'golden')),
  };
}

/** A path of a suite is one from the suite's folder. @throws ConfigurationError when there is none */
export function pathFrom(suite: Suite, path: string, option: string): string {
  if (path === '') throw new ConfigurationError(`--${option}: no file is named`);
  return isAbsolute(path) ? path : join(dirname(suite.path), path);
}

/** The value of a key, or null. */
export function valueOf(node: MapNode, key: string): SuiteNode | null {
  return node.entries.get(key)?.value ?? null;
}

/** A text, or several; none of what is not there. */
export function textsOf(node: SuiteNode | null): string[] {
  if (node === null) return [];
  return node.kind === 'list' ? node.items.map(textOf) : [textOf(node)];
}

/** A text, or a flag as one. */
export function textOf(node: SuiteNode | null): string {
  if (node?.kind === 'text') return node.text;
  return node?.kind === 'flag' ? String(node.value) : '';
}

function itemsOf(root: MapNode, key: string): readonly SuiteNode[] {
  const node = valueOf(root, key);
  return node?.kind === 'list' ? node.items : [];
}

function membersOf(root: MapNode, key: string): (readonly [string, SuiteNode])[] {
  const node = valueOf(root, key);
  if (node?.kind !== 'map') return [];
  return [...node.entries].map(([name, { value }]) => [name, value] as const);
}

/** What `make` gives; what it refuses, it refuses with the place of `node`. */
function at<T>(path: string, node: SuiteNode, make: () => T): T {
  return refusingAt(`${path}:${node.line}:${node.column}`, make);
}

function nameOf(path: string, root: MapNode): string {
  const node = valueOf(root, 'name');
  if (node === null) {
    const file = basename(path);
    return file.endsWith(SUITE_ENDING) ? file.slice(0, -SUITE_ENDING.length) : file;
  }
  const name = textOf(node).trim();
  if (name === '') throw suiteError(path, node, 'name: the text is empty');
  if (/\p{Cc}/u.test(name)) throw suiteError(path, node, 'name: this is one line of plain text');
  return name;
}

function matrixOf(path: string, root: MapNode): Variation[] {
  const variations = membersOf(root, 'matrix').map(([option, node]) =>
    at(path, node, () => {
      if (valueOf(root, option) !== null) {
        throw new ConfigurationError(`${option} is in the matrix, and outside it`);
      }
      const values = expandedValues(option, textsOf(node), option);
      if (values.length === 0) throw new ConfigurationError(`${option}: there is no value`);
      return { option, values };
    }),
  );
  if (combinations(variations) === null) {
    const node = valueOf(root, 'matrix') ?? root;
    throw suiteError(path, node, `matrix: more than ${ROWS_MAX} cases`);
  }
  return variations;
}

function neverOf(path: string, root: MapNode): string[] {
  const node = valueOf(root, 'never');
  if (node === null) return [];
  return (node.kind === 'list' ? node.items : [node]).map((item) => {
    const text = textOf(item);
    at(path, item, () => new SerialExpectations([], [text]));
    return text;
  });
}

function stepOf(path: string, node: SuiteNode): StepSpec {
  if (node.kind !== 'map') throw suiteError(path, node, 'a step is a key with a value');
  const [key = '', entry] =
    [...node.entries].find(([name]) => name !== 'within') ?? ([] as undefined[]);
  const value = entry?.value ?? node;
  const text = textOf(value);
  const within = valueOf(node, 'within');
  return at(path, value, () => {
    if (key === 'delay') {
      return { kind: 'delay', text: '', ns: parseDurationNs(text, 'delay') };
    }
    if (key === 'send' || key === 'write-serial') {
      if (text === '') throw new ConfigurationError(`${key}: the text is empty`);
      return { kind: 'send', text, ns: null };
    }
    parsePattern(text, key);
    const ns = within === null ? null : parseDurationNs(textOf(within), 'within');
    return { kind: 'wait', text, ns };
  });
}

function budgetOf(name: string, text: string): Budget {
  if (name !== 'resident') return { name, most: parseCount(text.replace(/\s*cyc$/, ''), name) };
  return { name, most: Number(refusingAt(name, () => parseSize(text))) };
}

/** `/regex/`, or the name of a group of a step, as a word of `--record`. */
function recordOf(name: string, text: string, steps: readonly StepSpec[]): string {
  if (text.startsWith('/')) {
    if (parseExpression(text, name) !== null) return `${name}=${text}`;
    throw new ConfigurationError(`${name}: ${text} is no regular expression: its end is missing`);
  }
  for (const step of steps) {
    const expression = step.kind === 'wait' ? parseExpression(step.text, 'wait') : null;
    if (expression !== null && groupNames(expression).includes(text)) {
      return `${name}:${text}=${step.text}`;
    }
  }
  throw new ConfigurationError(
    `${name}: no step waits for a group (?<${text}>…); write /regex/, or the name of such a group`,
  );
}
