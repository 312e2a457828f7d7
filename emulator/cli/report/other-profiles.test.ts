/** A profile in other tools' formats, read as their specifications say. */
import { describe, expect, it } from 'vitest';
import { FOLDED, PROFILE } from '../../../tests/profile-fixture.js';
import { callgrindProfile } from './callgrind.js';
import { speedscopeProfile } from './speedscope.js';

/** [file-format-spec.ts of speedscope] */
interface SpeedscopeFile {
  readonly $schema: string;
  readonly shared: { readonly frames: readonly { readonly name: string }[] };
  readonly profiles: readonly {
    readonly type: string;
    readonly unit: string;
    readonly startValue: number;
    readonly endValue: number;
    readonly samples: readonly (readonly number[])[];
    readonly weights: readonly number[];
  }[];
}

describe('speedscopeProfile', () => {
  it('has a sample for each context that cost something, and weights that add up to the run', () => {
    const file = JSON.parse(speedscopeProfile(PROFILE, 'k', 's7x 1')) as SpeedscopeFile;
    expect(file.$schema).toBe('https://www.speedscope.app/file-format-schema.json');
    const [profile] = file.profiles;
    expect(profile).toMatchObject({ type: 'sampled', unit: 'none', startValue: 0, endValue: 300 });
    const { samples = [], weights = [] } = profile ?? {};
    expect(samples).toHaveLength(weights.length);
    const names = file.shared.frames.map(({ name }) => name);
    const stacks = samples.map(
      (stack, index) => `${stack.map((frame) => names[frame]).join(';')} ${weights[index]}`,
    );
    expect(stacks.sort()).toEqual(FOLDED);
  });
});

interface CallgrindFunction {
  readonly own: number[];
  readonly calls: Record<string, { calls: number; cost: number[] }>;
}

/** Reads what the grammar has. [Valgrind manual, "Callgrind Format Specification", "Reference", "Grammar"] */
function readCallgrind(text: string): {
  readonly header: Record<string, string>;
  readonly functions: Record<string, CallgrindFunction>;
} {
  const header: Record<string, string> = {};
  const functions: Record<string, CallgrindFunction> = {};
  const names = new Map<string, string>();
  const named = (word: string): string => {
    const [, id = '', name] = /^\((\d+)\)(?: (.+))?$/.exec(word) ?? [];
    if (name !== undefined) names.set(id, name);
    return names.get(id) ?? '';
  };
  let current: CallgrindFunction = { own: [], calls: {} };
  let callee = '';
  let call: { calls: number; cost: number[] } | null = null;
  for (const line of text.split('\n')) {
    const [, key, value = ''] = /^([a-z]+): (.*)$/.exec(line) ?? [];
    if (line === '' || line.startsWith('#') || line === 'fl=???') continue;
    if (key !== undefined) header[key] = value;
    else if (line.startsWith('fn=')) {
      current = { own: [], calls: {} };
      functions[named(line.slice(3))] = current;
    } else if (line.startsWith('cfn=')) callee = named(line.slice(4));
    else if (line.startsWith('calls=')) {
      call = { calls: Number(line.slice(6).split(' ')[0]), cost: [] };
      current.calls[callee] = call;
    } else {
      const [position, ...cost] = line.split(' ').map(Number);
      expect(position).toBe(0);
      if (call === null) current.own.push(...cost);
      else call.cost.push(...cost);
      call = null;
    }
  }
  return { header, functions };
}

describe('callgrindProfile', () => {
  const text = callgrindProfile(PROFILE, 'k', 's7x 1');
  const { header, functions } = readCallgrind(text);

  it('names its format and its events, and sums to the run', () => {
    expect(text.split('\n')[0]).toBe('# callgrind format');
    expect(header).toMatchObject({ version: '1', events: 'Cycles Instructions' });
    expect(header['summary']?.split(' ')[0]).toBe('300');
    const own = Object.values(functions).reduce((sum, { own: [cycles = 0] }) => sum + cycles, 0);
    expect(own).toBe(300);
  });

  it('has functions with their own cost, and calls with all that they cost', () => {
    expect(functions['alloc']?.own[0]).toBe(40 + 5 + 60);
    expect(functions['kmain']?.calls['alloc']).toMatchObject({ calls: 2, cost: [165, 115] });
    expect(functions['kmain']?.calls['print<u8>']?.cost[0]).toBe(25);
    expect(functions['alloc']?.calls['scan']).toMatchObject({ calls: 8, cost: [50, 50] });
    expect(functions['[#PF]']?.calls['alloc']?.cost[0]).toBe(60);
  });

  it('counts a call inside the same call once', () => {
    const recursive = {
      ...PROFILE,
      frames: ['all', 'main', 'walk'],
      nodes: [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 1, 1],
        [1, 2, 10, 1, 1],
        [2, 2, 20, 1, 3],
        [3, 2, 40, 1, 5],
      ] as const,
    };
    const walk = readCallgrind(callgrindProfile(recursive, 'k', 's7x 1')).functions['walk'];
    expect(walk?.own[0]).toBe(70);
    expect(walk?.calls['walk']).toMatchObject({ calls: 8, cost: [60, 2] });
  });
});
