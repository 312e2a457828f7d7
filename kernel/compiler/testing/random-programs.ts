/**
 * Random guest programs: functions with many variables, nested statements and bounded loops. The same seed gives the same
 * program.
 */
import type { FunctionCall } from './differential.js';
import type { Program } from './operation-programs.js';

type Type = 'i32' | 'u32' | 'i64' | 'u64';
const TYPES: readonly Type[] = ['i32', 'u32', 'i64', 'u64'];
const OPERATORS = ['+', '-', '*', '&', '|', '^', '<<', '>>', '/', '%'] as const;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
const CONSTANTS = ['0', '1', '2', '3', '7', '8', '13', '63', '255', '1000', '65535', '2147483647'];

/** Marsaglia, "Xorshift RNGs" (2003): 32 bits, triple 13, 17, 5. */
class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 1) >>> 0 || 1;
  }

  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

interface Variable {
  readonly name: string;
  readonly type: Type;
}

interface Signature {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type;
  /** Calls nothing itself, so that a loop may call it. */
  readonly isLeaf: boolean;
}

class ProgramGenerator {
  private readonly random: Random;
  private readonly functions: Signature[] = [];
  private variables: Variable[] = [];
  private loops = 0;
  private loopDepth = 0;
  private hasCalled = false;

  constructor(private readonly seed: number) {
    this.random = new Random(seed);
  }

  generate(count: number): Program {
    const texts = ['const memoryArea: usize = memory.data(256);', 'let shared: u64 = 1;'];
    for (let index = 0; index < count; index++) texts.push(this.function(index));
    const calls = this.functions.flatMap((signature) =>
      Array.from({ length: 6 }, (): FunctionCall => this.call(signature)),
    );
    return { source: texts.join('\n'), calls };
  }

  private call({ name, params }: Signature): FunctionCall {
    const args = params.map((type) => {
      const word = (BigInt(this.random.below(2 ** 32)) << 32n) | BigInt(this.random.below(2 ** 32));
      const shifted = word >> BigInt(this.random.below(64));
      return type.endsWith('64') ? shifted : BigInt.asIntN(32, shifted);
    });
    return { name, args };
  }

  private function(index: number): string {
    const { random } = this;
    const params = Array.from({ length: random.below(8) }, () => random.pick(TYPES));
    const result = random.pick(TYPES);
    this.variables = params.map((type, at) => ({ name: `p${at}`, type }));
    this.loops = 0;
    this.hasCalled = false;
    const header = params.map((type, at) => `p${at}: ${type}`).join(', ');
    const locals: string[] = [];
    for (let at = 2 + random.below(18); at > 0; at--) {
      const type = random.pick(TYPES);
      locals.push(`let v${at}: ${type} = ${this.expression(type, 2)};`);
      this.variables.push({ name: `v${at}`, type });
    }
    const body = this.statements(3, 3 + random.below(6));
    const sum = this.variables.map(({ name }) => `<${result}>${name}`).join(' ^ ');
    const name = `f${this.seed}_${index}`;
    this.functions.push({ name, params, result, isLeaf: !this.hasCalled });
    return `export function ${name}(${header}): ${result} {\n${locals.join('\n')}\n${body}\nreturn ${sum};\n}`;
  }

  private statements(depth: number, count: number): string {
    return Array.from({ length: count }, () => this.statement(depth)).join('\n');
  }

  private statement(depth: number): string {
    const { random } = this;
    const choice = random.below(depth === 0 ? 5 : 10);
    if (choice <= 2) {
      const { name, type } = random.pick(this.variables);
      return `${name} = ${this.expression(type, 3)};`;
    }
    if (choice === 3) {
      const type = random.pick(['u8', 'u16', 'u32', 'u64', 'i8', 'i16', 'i32', 'i64']);
      return `store<${type}>(${this.address()}, <${type}>(${this.expression('u64', 2)}));`;
    }
    if (choice === 4) return `shared = shared * 3 + <u64>(${this.expression('u64', 1)});`;
    if (choice <= 6) {
      const otherwise = random.below(2) === 0 ? '' : ` else {\n${this.statements(depth - 1, 2)}\n}`;
      return `if (${this.condition(2)}) {\n${this.statements(depth - 1, 2)}\n}${otherwise}`;
    }
    if (choice === 7) return this.switchStatement(depth);
    return this.loop(depth);
  }

  private loop(depth: number): string {
    const { random } = this;
    const counter = `n${this.loops++}`;
    this.loopDepth++;
    const leave = random.below(3) === 0 ? `if (${this.condition(1)}) break;\n` : '';
    const skip = random.below(4) === 0 ? `if (${this.condition(1)}) continue;\n` : '';
    const body = this.statements(depth - 1, 1 + random.below(3));
    this.loopDepth--;
    return `for (let ${counter}: u32 = 0; ${counter} < ${1 + random.below(6)}; ${counter}++) {\n${leave}${skip}${body}\n}`;
  }

  private switchStatement(depth: number): string {
    const { random } = this;
    const cases = Array.from({ length: 3 + random.below(5) }, (_, at) => {
      const end = random.below(4) === 0 ? '' : ' break;';
      return `case ${at}: { ${this.statement(depth - 1)}${end} }`;
    });
    return `switch (<u32>(${this.expression('u32', 1)}) & 7) {\n${cases.join('\n')}\ndefault: ${this.statement(0)}\n}`;
  }

  private address(): string {
    return `memoryArea + (<usize>(${this.expression('u32', 1)}) & 0xf0) + ${this.random.below(8)}`;
  }

  private condition(depth: number): string {
    const { random } = this;
    if (depth > 0 && random.below(4) === 0) {
      const operator = random.pick(['&&', '||']);
      return `(${this.condition(depth - 1)} ${operator} ${this.condition(depth - 1)})`;
    }
    const type = random.pick(TYPES);
    const left = this.expression(type, depth);
    if (random.below(5) === 0) return `((${left} >> ${random.below(32)}) & 1) != 0`;
    return `(${left} ${random.pick(COMPARISONS)} ${this.expression(type, depth)})`;
  }

  private expression(type: Type, depth: number): string {
    const { random } = this;
    const choice = random.below(depth === 0 ? 3 : 12);
    if (choice === 0) return `<${type}>${random.pick(CONSTANTS)}`;
    if (choice <= 2) {
      if (this.variables.length === 0) return `<${type}>5`;
      return `<${type}>${random.pick(this.variables).name}`;
    }
    const inner = (): string => this.expression(type, depth - 1);
    if (choice <= 7) {
      const operator = random.pick(OPERATORS);
      const right = operator === '/' || operator === '%' ? `(${inner()} | 1)` : inner();
      // The most negative number divided by -1 would trap; a shift keeps clear of it.
      const left = operator === '/' || operator === '%' ? `(${inner()} >> 1)` : inner();
      return `(${left} ${operator} ${right})`;
    }
    if (choice === 8) return `select<${type}>(${inner()}, ${inner()}, ${this.condition(1)})`;
    if (choice === 9) {
      const width = random.pick(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64']);
      return `<${type}>load<${width}>(${this.address()})`;
    }
    const callable = this.functions
      .filter(({ isLeaf }) => isLeaf || this.loopDepth === 0)
      .slice(-3);
    if (choice === 10 && callable.length > 0 && (this.loopDepth === 0 || random.below(4) === 0)) {
      const { name, params, result } = random.pick(callable);
      this.hasCalled = true;
      const args = params.map((param) => this.expression(param, 0)).join(', ');
      return result === type ? `${name}(${args})` : `<${type}>${name}(${args})`;
    }
    const unary = random.pick(['-', '~', 'clz', 'ctz', 'popcnt', 'i8', 'u16', 'i32']);
    if (unary.length === 1) return `(${unary}${inner()})`;
    if (/^[iu]\d/.test(unary)) return `<${type}><${unary}>(${inner()})`;
    return `${unary}<${type}>(${inner()})`;
  }
}

export function randomProgram(seed: number, functions: number): Program {
  return new ProgramGenerator(seed).generate(functions);
}
