import { describe, expect, it } from 'vitest';
import { RandomWords } from '../../tests/boots/random-words.js';
import { callTree } from '../../tests/call-tree-module.js';
import type { CallTree } from './call-tree-reader.js';

/** `path` as letters for the functions at 0x1000 × letter: `A;B` → cycles. */
function folded({ nodes }: CallTree): Record<string, number> {
  const paths: string[] = [];
  const rows: Record<string, number> = {};
  nodes.forEach(({ parent, target, vector, cycles }, number) => {
    const letter = String.fromCharCode(Number(target >> 12n) + 64);
    const name = number === 0 ? 'root' : vector === null ? letter : `#${vector}`;
    paths[number] = number === 0 ? name : `${paths[parent]};${name}`;
    if (cycles > 0) rows[paths[number]] = (rows[paths[number]] ?? 0) + cycles;
  });
  return rows;
}

const addressOf = (letter: string): bigint => BigInt(letter.charCodeAt(0) - 64) << 12n;
/** Where calls of `letter` number `n` return to. */
const returnOf = (letter: string, n = 0): bigint => addressOf(letter) + 0x100n + BigInt(n);

/**
 * Words: `+A` call of A, which returns to A's return address 0 (`+A3`: 3); `-A3` a return to it; `!14` an interrupt;
 * `~A` IRET; `>A` a jump to A; `=A` a return to A's first instruction; a number: cycles.
 */
async function run(words: string, functions = ''): Promise<CallTree> {
  const { engine, read } = await callTree();
  for (const letter of functions) {
    engine.callTreeFunction(addressOf(letter.toUpperCase()), letter < 'a' ? 1 : 0);
  }
  for (const word of words.split(' ')) {
    const [sign = '', letter = ''] = word;
    const n = Number(word.slice(2));
    if (sign === '+') engine.callTreeEnter(addressOf(letter), returnOf(letter, n));
    else if (sign === '-') engine.callTreeReturn(returnOf(letter, n));
    else if (sign === '=') engine.callTreeReturn(addressOf(letter));
    else if (sign === '!') engine.callTreeInterrupt(Number(word.slice(1)));
    else if (sign === '~') engine.callTreeInterruptReturn(addressOf(letter));
    else if (sign === '>') engine.callTreeJump(addressOf(letter));
    else engine.callTreeCharge(BigInt(word), 1);
  }
  return read();
}

describe('the call tree charges each chain of callers with its own cycles', () => {
  it.each<[string, string, Record<string, number>, string?]>([
    ['without a call all is the root', '1 2 3', { root: 6 }],
    ['a call and its return', '1 +A 2 -A 4', { root: 5, 'root;A': 2 }],
    [
      'the same function below two callers',
      '+A +C 1 -C -A +B +C 2 -C -B',
      { 'root;A;C': 1, 'root;B;C': 2 },
    ],
    [
      'recursion has one node a level',
      '+A1 1 +A2 2 +A2 4 -A2 8 -A2 -A1',
      { 'root;A': 1, 'root;A;A': 10, 'root;A;A;A': 4 },
    ],
    ['a return over several frames ends them all', '+A +B +C 1 -A 2', { 'root;A;B;C': 1, root: 2 }],
    [
      'the youngest frame that waits for the address ends',
      '+A1 +B +A1 1 -A1 2',
      { 'root;A;B;A': 1, 'root;A;B': 2 },
    ],
    [
      'an interrupt is a frame, IRET its end',
      '+A 1 !32 2 +B 4 -B ~A 8',
      { 'root;A': 9, 'root;A;#32': 2, 'root;A;#32;B': 4 },
    ],
    ['interrupts nest', '!32 1 !14 2 ~A 4 ~A 8', { 'root;#32': 5, 'root;#32;#14': 2, root: 8 }],
    ['IRET out of a call made by the handler', '!6 +A +B 1 ~A 2', { 'root;#6;A;B': 1, root: 2 }],
    [
      'a handler that returns into a caller of what it interrupted',
      '+A +B !13 1 -A 2',
      { 'root;A;B;#13': 1, root: 2 },
    ],
    [
      'an unmatched return is a jump that keeps the caller',
      '+A 1 =B 2 -A 4',
      { 'root;A': 1, 'root;B': 2, root: 4 },
    ],
    [
      'a return trampoline: call over, then return to the target',
      '+A +X =B 2 -A 4',
      { 'root;A;B': 2, root: 4 },
    ],
    ['IRET without interrupt is a jump', '+A 1 ~B 2 -A 4', { 'root;A': 1, 'root;B': 2, root: 4 }],
    ['an unmatched return at the bottom', '1 =B 2 =C 4', { root: 1, 'root;B': 2, 'root;C': 4 }],
    ['a jump within a function', '+A >Q 1 -A', { 'root;A': 1 }, 'a'],
    ['a tail call', '+A 1 >B 2 -A 4', { 'root;A': 1, 'root;B': 2, root: 4 }, 'ab'],
    ['a loop to the first instruction', '+A 1 >A 2 -A', { 'root;A': 3 }, 'a'],
    [
      'a jump to a root function ends everything',
      '+A +B 1 >K 2 +C 4 -C =B 8',
      { 'root;A;B': 1, 'root;K': 2, 'root;K;C': 4, 'root;B': 8 },
      'K',
    ],
    [
      'a switch of stacks and back',
      '+A +S1 1 =B 2 +S2 4 -S1 8 -A 16',
      { 'root;A;S': 1, 'root;A;B': 2, 'root;A;B;S': 4, 'root;A': 8, root: 16 },
    ],
  ])('%s', async (_title, words, rows, functions) => {
    expect(folded(await run(words, functions))).toEqual(rows);
  });

  it('counts calls and instructions', async () => {
    const { nodes } = await run('+A 5 5 -A +A 5 -A');
    expect(nodes[1]).toMatchObject({ calls: 2, instructions: 3, cycles: 15, parent: 0 });
  });

  it('does nothing before it is started', async () => {
    const { engine, read } = await callTree();
    engine.callTreeEnter(addressOf('A'), returnOf('A'));
    engine.callTreeStart(0x10000, 1 << 20);
    engine.callTreeCharge(3n, 1);
    expect(folded(read())).toEqual({ root: 3 });
  });
});

describe('against programs whose tree is known while they are made', () => {
  const seed = 20_261;
  it(`3000 random calls, returns over several frames and interrupts, seed ${seed}`, async () => {
    const random = new RandomWords(seed);
    const { engine, read } = await callTree();
    const expected: Record<string, number> = {};
    let site = 0;
    const charge = (path: string): void => {
      const cycles = 1 + random.below(9);
      engine.callTreeCharge(BigInt(cycles), 1);
      expected[path] = (expected[path] ?? 0) + cycles;
    };
    let left = 3000;
    /** Runs a function; returns how many further frames its return skips. */
    const body = (path: string, depth: number, waiting: readonly bigint[]): number => {
      charge(path);
      while (left > 0 && random.below(4) !== 0 && depth < 40) {
        left--;
        if (random.below(6) === 0) {
          engine.callTreeInterrupt(32);
          const inner = `${path};#32`;
          charge(inner);
          if (random.below(2) === 0) body(inner, 41, []);
          engine.callTreeInterruptReturn(1n);
          charge(path);
          continue;
        }
        const letter = String.fromCharCode(65 + random.below(26));
        const back = (BigInt(++site) << 20n) + 5n;
        engine.callTreeEnter(addressOf(letter), back);
        const skipped = body(`${path};${letter}`, depth + 1, [back, ...waiting]);
        if (skipped > 0) return skipped - 1;
        charge(path);
      }
      if (waiting.length === 0) return 0;
      const skips = random.below(20) === 0 ? random.below(waiting.length) : 0;
      engine.callTreeReturn(waiting[skips] as bigint);
      return skips;
    };
    while (left > 0) body('root', 0, []);
    expect(folded(read())).toEqual(expected);
  });
});

describe('when there is no room', () => {
  it('a full table charges the caller, loses no cycle and counts', async () => {
    const { engine, read } = await callTree(4096);
    for (let n = 0; n < 1000; n++) {
      engine.callTreeEnter(BigInt(n + 1) << 12n, 7n);
      engine.callTreeCharge(2n, 1);
      engine.callTreeReturn(7n);
    }
    const { nodes, nodesLacking } = read();
    expect(nodes.length).toBeLessThan(100);
    expect(nodesLacking).toBe(1000 - (nodes.length - 1));
    expect(nodes.reduce((sum, { cycles }) => sum + cycles, 0)).toBe(2000);
    expect(nodes[0]?.cycles).toBe(2 * nodesLacking);
  });

  it('a full stack charges the deepest frame, and balanced returns come back to the right one', async () => {
    const { engine, read } = await callTree(4096);
    for (let n = 0; n < 500; n++) engine.callTreeEnter(0x1000n, 0x1100n);
    for (let n = 0; n < 499; n++) engine.callTreeReturn(0x1100n);
    engine.callTreeCharge(5n, 1);
    const { nodes, framesLacking } = read();
    expect(framesLacking).toBeGreaterThan(400);
    expect(nodes[1]).toMatchObject({ parent: 0, cycles: 5 });
  });
});

describe('an observer of the stack', () => {
  it('hears of each call, return, interrupt and jump to a function, with the cycles so far', async () => {
    const { engine, read, changes } = await callTree();
    engine.callTreeEnter(addressOf('A'), returnOf('A'));
    expect(changes).toEqual([]);
    engine.callTreeObserve();
    engine.callTreeCharge(5n, 5);
    engine.callTreeFunction(addressOf('D'), 0);
    engine.callTreeEnter(addressOf('B'), returnOf('B'));
    engine.callTreeCharge(2n, 1);
    engine.callTreeInterrupt(32);
    engine.callTreeCharge(3n, 1);
    engine.callTreeInterruptReturn(addressOf('B'));
    engine.callTreeJump(addressOf('C'));
    engine.callTreeJump(addressOf('D'));
    engine.callTreeCharge(4n, 1);
    engine.callTreeReturn(returnOf('A'));
    const { nodes } = read();
    const named = changes.map(([frames, node, isInterrupt, cycles]) => {
      const { target, vector } = nodes[node] ?? { target: 0n, vector: null };
      const letter = String.fromCharCode(Number(target >> 12n) + 64);
      return [frames, vector ?? (node === 0 ? 'root' : letter), isInterrupt, cycles];
    });
    expect(named).toEqual([
      [2, 'B', 0, 5],
      [3, 32, 1, 7],
      [2, 'B', 0, 10],
      [2, 'D', 0, 10],
      [0, 'root', 0, 14],
    ]);
  });
});
