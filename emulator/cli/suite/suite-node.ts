/** A suite's YAML, or a configuration's, as a small tree in which everything knows its place. Of YAML only what they need is taken. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node, YAMLMap } from 'yaml';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { readHostFile, reasonOf } from '../host-file.js';

/** From 1, as editors count. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface TextNode extends Place {
  readonly kind: 'text';
  /** Numbers as they are written. */
  readonly text: string;
}

interface FlagNode extends Place {
  readonly kind: 'flag';
  readonly value: boolean;
}

export interface ListNode extends Place {
  readonly kind: 'list';
  readonly items: readonly SuiteNode[];
}

export interface MapNode extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, { readonly key: Place; readonly value: SuiteNode }>;
}

export type SuiteNode = TextNode | FlagNode | ListNode | MapNode | NothingNode;

interface NothingNode extends Place {
  readonly kind: 'nothing';
}

/** More than anybody writes. */
const SUITE_BYTES_MAX = 1 << 20;
const DEPTH_MAX = 16;
const TOO_DEEP = 'nested too deeply';

/** `FILE:LINE:COLUMN: sentence`. */
export function suiteError(path: string, place: Place, sentence: string): ConfigurationError {
  return new ConfigurationError(`${path}:${place.line}:${place.column}: ${sentence}`);
}

/** Reads a suite file. @throws HostError when it cannot be read, ConfigurationError when it is no YAML of a suite */
export function readSuiteNode(path: string): MapNode {
  const node = readKeys(path, 'suite');
  if (node === null) throw new ConfigurationError(`${path}: the suite is empty`);
  return node;
}

/** Keys with values, or null where there is nothing; `what` is the file's name in sentences. @throws as readSuiteNode does */
export function readKeys(path: string, what: string): MapNode | null {
  const text = decoded(bytesOf(path, what), path);
  const lines = new LineCounter();
  // Our own look for keys that are there twice takes time in proportion to their number.
  const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false };
  const document = parseDocument(text, options);
  const [problem] = document.errors;
  if (problem !== undefined) {
    const place = lines.linePos(problem.pos[0]);
    const at = { line: place.line, column: place.col };
    throw suiteError(path, at, yamlSentence(problem.message));
  }
  const { contents } = document;
  if (contents === null) return null;
  const node = new TreeBuilder(path, lines).nodeOf(contents, 0);
  if (node.kind !== 'map') throw suiteError(path, node, `a ${what} is keys with values`);
  return node;
}

/** What the parser says, and what people mean who get it. */
function yamlSentence(message: string): string {
  const [sentence = ''] = message.split('\n');
  if (/^Maximum call stack/.test(sentence)) return TOO_DEEP;
  return /^Nested mappings are not allowed/.test(sentence)
    ? `${sentence} (a text with a colon and a space in it is put in quotes)`
    : sentence;
}

function bytesOf(path: string, what: string): Uint8Array {
  let bytes;
  try {
    bytes = readHostFile(path);
  } catch (error) {
    throw new HostError(`${what} ${path} cannot be read: ${reasonOf(error)}`);
  }
  if (bytes.byteLength <= SUITE_BYTES_MAX) return bytes;
  throw new ConfigurationError(`${path}: a ${what} has at most ${SUITE_BYTES_MAX} bytes`);
}

/** UTF-8, with or without a byte order mark. */
function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigurationError(`${path}: not UTF-8`);
  }
}

class TreeBuilder {
  constructor(
    private readonly path: string,
    private readonly lines: LineCounter,
  ) {}

  nodeOf(node: Node, depth: number): SuiteNode {
    const place = this.placeOf(node);
    if (isAlias(node)) throw this.error(place, 'aliases are not understood here');
    const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string };
    if (anchor !== undefined)
      throw this.error(place, `anchors (&${anchor}) are not understood here`);
    if (tag !== undefined) throw this.error(place, `tags (${tag}) are not understood here`);
    if (depth > DEPTH_MAX) throw this.error(place, TOO_DEEP);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.itemOf(item, place, depth + 1));
      return { ...place, kind: 'list', items };
    }
    if (isMap(node)) return { ...place, kind: 'map', entries: this.entriesOf(node, place, depth) };
    if (isScalar(node)) return { ...place, ...scalarOf(node.value, node.source) };
    throw this.error(place, 'not understood here');
  }

  private itemOf(item: unknown, around: Place, depth: number): SuiteNode {
    return isNode(item) ? this.nodeOf(item, depth) : { ...around, kind: 'nothing' };
  }

  private entriesOf(map: YAMLMap, around: Place, depth: number): MapNode['entries'] {
    const entries = new Map<string, { key: Place; value: SuiteNode }>();
    for (const { key, value } of map.items) {
      const keyNode = this.itemOf(key, around, depth + 1);
      if (keyNode.kind !== 'text') throw this.error(keyNode, 'a key is a word');
      const { text, line, column } = keyNode;
      if (entries.has(text)) throw this.error(keyNode, `the key ${text} is there twice`);
      const place = { line, column };
      entries.set(text, { key: place, value: this.itemOf(value, place, depth + 1) });
    }
    return entries;
  }

  private placeOf(node: Node): Place {
    const { line, col } = this.lines.linePos(node.range?.[0] ?? 0);
    return { line, column: col };
  }

  private error(place: Place, sentence: string): ConfigurationError {
    return suiteError(this.path, place, sentence);
  }
}

function scalarOf(
  value: unknown,
  source: string | undefined,
): Pick<TextNode, 'kind' | 'text'> | Pick<FlagNode, 'kind' | 'value'> | Pick<NothingNode, 'kind'> {
  if (typeof value === 'boolean') return { kind: 'flag', value };
  if (value === null) return { kind: 'nothing' };
  return { kind: 'text', text: typeof value === 'string' ? value : (source ?? '') };
}
