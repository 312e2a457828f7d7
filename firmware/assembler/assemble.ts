import { AssemblyError, type SourcePosition } from './assembly-error.js';
import { evaluate, type Expression, type Scope, type Value } from './expression.js';
import { encodeInstruction } from './instruction-encoder.js';
import { parseSourceFiles, type ReadSource } from './source-files.js';
import type { Bits, DataItem, Statement } from './syntax.js';

/** A source line with where it came to stand and the bytes it became. */
export interface PlacedStatement {
  readonly statement: Statement;
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface Program {
  /** The address of the first byte, from `org`. */
  readonly origin: number;
  readonly bytes: Uint8Array;
  readonly lines: readonly PlacedStatement[];
  /** Labels and equ constants by their full name. */
  readonly symbols: ReadonlyMap<string, bigint>;
}

const PASSES_MAX = 50;
const REPEAT_MAX = 1 << 20;
const ALIGN_MAX = 1 << 16;

/**
 * Assembles the source at `path` into one flat binary.
 * Layout is repeated until no address changes; a jump that once needed its near form keeps it, so this ends.
 */
export function assemble(path: string, readSource: ReadSource): Program {
  const statements = parseSourceFiles(path, readSource);
  const longJumps = new Set<Statement>();
  let symbols: ReadonlyMap<string, Value> = new Map();
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    const longJumpCount = longJumps.size;
    const layout = new LayoutPass(symbols, longJumps, pass === 1);
    for (const statement of statements) layout.place(statement);
    const stable =
      pass > 1 && longJumps.size === longJumpCount && sameValues(symbols, layout.symbols);
    symbols = layout.symbols;
    if (stable) return layout.program();
  }
  throw new AssemblyError(
    { file: path, line: 0 },
    `the addresses do not settle in ${PASSES_MAX} passes.`,
  );
}

function sameValues(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([name, { value, known }]) => known && before.get(name)?.value === value);
}

/** One walk over all lines with the addresses that the walk before found. */
class LayoutPass {
  readonly symbols = new Map<string, Value>();
  private readonly definedAt = new Map<string, SourcePosition>();
  private readonly previous: ReadonlyMap<string, Value>;
  private readonly longJumps: Set<Statement>;
  private readonly isFirst: boolean;
  private readonly lines: PlacedStatement[] = [];
  private bits: Bits = 16;
  private origin = 0;
  private here = 0;

  constructor(previous: ReadonlyMap<string, Value>, longJumps: Set<Statement>, isFirst: boolean) {
    this.previous = previous;
    this.longJumps = longJumps;
    this.isFirst = isFirst;
  }

  place(statement: Statement): void {
    const { position } = statement;
    if (statement.label !== null) {
      this.define(
        statement.label,
        { value: BigInt(this.here), known: true, movable: true },
        position,
      );
    }
    const address = this.here;
    const chunks: Uint8Array[] = [];
    const count =
      statement.times === null
        ? 1
        : this.fixedNumber(statement.times, position, "the count of 'times'", 0, REPEAT_MAX);
    const isConstant = hasConstantData(statement);
    let bytes = EMPTY;
    for (let repeat = 0; repeat < count; repeat += 1) {
      if (repeat === 0 || !isConstant) bytes = this.bytesOf(statement);
      chunks.push(bytes);
      this.here += bytes.length;
    }
    this.lines.push({
      statement,
      address: statement.body?.kind === 'org' ? this.here : address,
      bytes: concatenate(chunks),
    });
  }

  program(): Program {
    return {
      origin: this.origin,
      bytes: concatenate(this.lines.map((line) => line.bytes)),
      lines: this.lines,
      symbols: new Map([...this.symbols].map(([name, { value }]) => [name, value])),
    };
  }

  private bytesOf(statement: Statement): Uint8Array {
    const { body, position } = statement;
    switch (body?.kind) {
      case undefined:
        return EMPTY;
      case 'instruction': {
        const context = {
          scope: this.scope(position),
          bits: this.bits,
          isLongJump: this.longJumps.has(statement),
        };
        const encoded = encodeInstruction(body, context);
        if (encoded.isLongJump) this.longJumps.add(statement);
        return encoded.bytes;
      }
      case 'data':
        return concatenate(
          body.items.map((item) => this.dataBytes(item, body.unitBytes, position)),
        );
      case 'align': {
        const boundary = this.fixedNumber(body.boundary, position, 'the boundary', 1, ALIGN_MAX);
        const fill =
          body.fill === null ? 0 : this.fixedNumber(body.fill, position, 'the fill byte', 0, 0xff);
        return new Uint8Array((boundary - (this.here % boundary)) % boundary).fill(fill);
      }
      case 'bits':
        this.bits = body.bits;
        return EMPTY;
      case 'org':
        if (this.here !== this.origin || this.origin !== 0) {
          throw new AssemblyError(position, "'org' stands once, before the first byte.");
        }
        this.origin = this.here = this.fixedNumber(
          body.origin,
          position,
          'the origin',
          0,
          0xffff_ffff,
        );
        return EMPTY;
      case 'equ':
        this.define(body.name, evaluate(body.value, this.scope(position)), position);
        return EMPTY;
    }
  }

  private dataBytes(item: DataItem, unitBytes: number, position: SourcePosition): Uint8Array {
    if (item.kind === 'text') {
      // Text fills whole units: dw 'abc' is four bytes.
      const bytes = new Uint8Array(Math.ceil(item.text.length / unitBytes) * unitBytes);
      for (let index = 0; index < item.text.length; index += 1)
        bytes[index] = item.text.charCodeAt(index);
      return bytes;
    }
    const { value } = evaluate(item, this.scope(position));
    const bits = BigInt(unitBytes * 8);
    if (value < -(1n << (bits - 1n)) || value >= 1n << bits) {
      throw new AssemblyError(
        position,
        `the value ${value} does not fit in ${unitBytes === 1 ? 'a byte' : `${unitBytes} bytes`}.`,
      );
    }
    return Uint8Array.from({ length: unitBytes }, (_, index) =>
      Number((value >> BigInt(8 * index)) & 0xffn),
    );
  }

  private define(name: string, value: Value, position: SourcePosition): void {
    const first = this.definedAt.get(name);
    if (first !== undefined) {
      throw new AssemblyError(
        position,
        `'${name}' is already defined at ${first.file}:${first.line}.`,
      );
    }
    this.definedAt.set(name, position);
    this.symbols.set(name, value);
  }

  private scope(position: SourcePosition): Scope {
    return {
      position,
      here: BigInt(this.here),
      origin: BigInt(this.origin),
      lookup: (name, at) => this.lookup(name, at),
    };
  }

  private lookup(name: string, position: SourcePosition): Value {
    const value = this.symbols.get(name) ?? this.previous.get(name);
    if (value !== undefined) return value;
    if (this.isFirst) return { value: 0n, known: false, movable: true };
    throw new AssemblyError(position, `'${name}' is not defined.`);
  }

  /** A number that the layout itself depends on: it may use only what stands above it. */
  private fixedNumber(
    expression: Expression,
    position: SourcePosition,
    what: string,
    minimum: number,
    maximum: number,
  ): number {
    const scope: Scope = {
      ...this.scope(position),
      lookup: (name, at) => {
        const value = this.symbols.get(name);
        if (value === undefined || !value.known)
          throw new AssemblyError(
            at,
            `${what} uses '${name}', which is not defined above this line.`,
          );
        return value;
      },
    };
    const value = Number(evaluate(expression, scope).value);
    if (value < minimum || value > maximum) {
      throw new AssemblyError(
        position,
        `${what} is ${value} and must be ${minimum} to ${maximum}.`,
      );
    }
    return value;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** Data without symbols or addresses: each repetition has the same bytes. */
function hasConstantData({ body }: Statement): boolean {
  return (
    body?.kind === 'data' && body.items.every(({ kind }) => kind === 'text' || kind === 'number')
  );
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
