/**
 * Jump tables for switches of WebAssembly: AssemblyScript compiles a switch to a comparison and a branch for each of its cases.
 * Binaryen makes a table of that only where a third of the numbers between the least and the greatest are cases, and the
 * interpreter's are fewer. The work is done on the text format, which Binaryen writes and reads.
 */
import binaryen from 'assemblyscript/binaryen';

/** A switch with fewer cases stays a chain of comparisons. */
const CASES_MIN = 8;
/** At most so many numbers a case. */
const NUMBERS_PER_CASE_MAX = 8;

const CASE = String.raw`\(br_if (\$[^\s)]+)\s+\(i32\.eq\s+\(local\.get (\$[^\s)]+)\)\s+\(i32\.const (\d+)\)\s*\)\s*\)`;
/** Cases that compare one local, one behind the other, and the branch for all other numbers. */
const CHAIN = new RegExp(
  String.raw`\(br_if \$[^\s)]+\s+\(i32\.eq\s+\(local\.get (\$[^\s)]+)\)\s+\(i32\.const \d+\)\s*\)\s*\)(?:\s+` +
    String.raw`\(br_if \$[^\s)]+\s+\(i32\.eq\s+\(local\.get \1\)\s+\(i32\.const \d+\)\s*\)\s*\))*\s+\(br (\$[^\s)]+)\s*\)`,
  'g',
);

/** The module with its constants in place and with jump tables; `module` is disposed of. */
export function withJumpTables(module: binaryen.Module): binaryen.Module {
  module.runPasses(['simplify-globals', 'precompute']);
  const text = module.emitText();
  module.dispose();
  return binaryen.parseText(text.replace(CHAIN, table));
}

function table(chain: string, local: string, others: string): string {
  const targets = new Map<number, string>();
  for (const [, target = '', , number = ''] of chain.matchAll(new RegExp(CASE, 'g'))) {
    if (!targets.has(Number(number))) targets.set(Number(number), target);
  }
  const least = Math.min(...targets.keys());
  const count = Math.max(...targets.keys()) - least + 1;
  if (targets.size < CASES_MIN || count > NUMBERS_PER_CASE_MAX * targets.size) return chain;
  const labels = Array.from({ length: count }, (_, place) => targets.get(least + place) ?? others);
  const index = `(i32.sub (local.get ${local}) (i32.const ${least}))`;
  return `(br_table ${labels.join(' ')} ${others} ${index})`;
}
