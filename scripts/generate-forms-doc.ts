/**
 * Writes docs/instructions.md: every instruction form, its recipe and status, from the forms themselves.
 * `node dist/scripts/generate-forms-doc.js`; a test compares the file with `instructionsPage()`.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { DOOR_PROPERTIES } from '../emulator/isa/door-properties.js';
import type { InstructionForm } from '../emulator/isa/form.js';
import { instructionForms } from '../emulator/isa/instruction-set.js';
import type { ImmediateRule, OperandSize, RecipeUop, Role } from '../emulator/isa/recipe.js';
import { flagNames } from '../emulator/isa/rflags.js';
import { Door, Op } from '../emulator/isa/uop.js';

const INTRODUCTION = `# Instructions

Written by \`node dist/scripts/generate-forms-doc.js\` from \`emulator/isa/forms\`; a test holds it to them.

One row per opcode line of the SDM (Vol. 2). *64* and *legacy* say whether the line is valid in 64-bit mode and in the
others. *Flags*: written; after \`?\` written with an undefined value; after \`<\` read. *Recipe*: micro-ops of
\`emulator/isa/uop.ts\` with registers as operands; a memory operand is loaded before and stored after them (a load for
store checks first that the store cannot fault), except where a second recipe, after **memory:**, says otherwise. A
recipe that depends on the operand size is shown for 32 bits, or 64 where only that exists. T0 to T7 are temporaries.

\`LOCK\` in the column *notes* means that the prefix is allowed when the first operand is in memory.
`;

/** The document. The same forms give the same text. */
export function instructionsPage(): string {
  const executed = instructionForms().filter((form) => form.recipe.missing !== true);
  const missing = instructionForms().filter((form) => form.recipe.missing === true);
  const groups = [...new Set(executed.map((form) => form.group))];
  const sections = groups.map((group) =>
    groupSection(
      group,
      executed.filter((form) => form.group === group),
    ),
  );
  const totals = `${executed.length} opcode lines are executed; ${missing.length} more are known by name and stop the run.\n`;
  return [INTRODUCTION, totals, ...sections, doorsSection(executed), missingSection(missing)].join(
    '\n',
  );
}

function groupSection(group: string, forms: readonly InstructionForm[]): string {
  const head =
    '| opcode | instruction | 64 | legacy | flags | notes | recipe |\n|---|---|---|---|---|---|---|';
  return `## ${group}\n\n${head}\n${forms.map(row).join('\n')}\n`;
}

function row(form: InstructionForm): string {
  const cells = [
    `\`${form.encoding.text}\``,
    form.syntax,
    form.valid64 ? 'yes' : '–',
    form.validLegacy ? (form.attributes.protectedOnly === true ? 'protected' : 'yes') : '–',
    flagsText(form),
    notes(form),
    recipeText(form),
  ];
  return `| ${cells.join(' | ')} |`;
}

function flagsText(form: InstructionForm): string {
  const parts = [
    flagNames(form.flagsWritten),
    form.flagsUndefined === 0 ? '' : `? ${flagNames(form.flagsUndefined)}`,
    form.flagsTested === 0 ? '' : `< ${flagNames(form.flagsTested)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function notes(form: InstructionForm): string {
  const { lockable, repeat, feature, in64 } = form.attributes;
  const parts = [
    feature ?? '',
    lockable === true && form.operands[0]?.place === 'ModRM.rm' ? 'LOCK' : '',
    repeat === true ? 'REP' : '',
    in64 === undefined ? '' : `${in64} bits in 64-bit mode`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function recipeText(form: InstructionForm): string {
  const context = form.recipeContext(shownSize(form));
  const text = (uops: readonly RecipeUop[]): string =>
    uops.map((uop) => uopText(uop, form)).join('; ');
  const inMemory =
    form.recipe.memoryUops === undefined ? '' : text(form.recipe.memoryUops(context));
  if (form.mod === 'memory' && inMemory !== '') return inMemory;
  const inRegisters = text(form.recipe.uops(context));
  const canBeInMemory = form.operands.some((operand) => operand.kind.endsWith('or memory'));
  return inMemory === '' || inMemory === inRegisters || !canBeInMemory
    ? inRegisters
    : `${inRegisters} **memory:** ${inMemory}`;
}

function shownSize(form: InstructionForm): OperandSize {
  if (form.operandSize === 'any') return form.validLegacy ? 32 : 64;
  return form.operandSize === 'none' ? 32 : form.operandSize;
}

/** `Add32 r/m32 ← r/m32, r32`, `Microcode Cpuid`, `Jcc condition 4 to target`. */
function uopText(uop: RecipeUop, form: InstructionForm): string {
  const isDoor = uop.op === Op.Microcode || uop.op === Op.MicrocodeEnd;
  const name = isDoor ? `${Op[uop.op] ?? ''} ${Door[uop.extra as Door] ?? ''}` : (Op[uop.op] ?? '');
  const sources = [uop.a, uop.b]
    .filter((role) => role !== undefined)
    .map((role) => roleText(role, form));
  const left = uop.dst === undefined ? '' : ` ${roleText(uop.dst, form)}`;
  const arrow = left !== '' && sources.length > 0 ? ' ←' : '';
  const right = sources.length === 0 ? '' : ` ${sources.join(', ')}`;
  const extra = isDoor || uop.extra === undefined ? '' : ` (${extraText(uop, form)})`;
  return `${name}${left}${arrow}${right}${immediateText(uop.imm, form)}${extra}`;
}

function extraText(uop: RecipeUop, form: InstructionForm): string {
  if (typeof uop.extra === 'number') return String(uop.extra);
  return uop.extra === 'address size' || uop.extra === undefined
    ? 'address size'
    : roleText(uop.extra, form);
}

function roleText(role: Role, form: InstructionForm): string {
  return /^o\d$/.test(role) ? (form.operands[Number(role.slice(1))]?.text ?? role) : role;
}

function immediateText(imm: number | ImmediateRule | undefined, form: InstructionForm): string {
  if (imm === undefined) return '';
  if (typeof imm === 'number') return ` #${imm}`;
  const parts = [
    imm.target === true ? 'target' : '',
    imm.constant === undefined ? '' : `0x${imm.constant.toString(16)}`,
    ...(imm.values ?? []).map(
      ({ operand, shift }) =>
        `${form.operands[operand]?.text ?? ''}${shift === undefined ? '' : ` << ${shift}`}`,
    ),
    imm.selector === true ? 'selector' : '',
    imm.registerNumber === true ? 'register number' : '',
    imm.segmentShift === undefined ? '' : `segment << ${imm.segmentShift}`,
    imm.addressLog2Shift === undefined ? '' : `log2(address size / 16) << ${imm.addressLog2Shift}`,
    imm.addressBitsShift === undefined ? '' : `address size << ${imm.addressBitsShift}`,
    imm.repeat === undefined ? '' : `repeat << ${imm.repeat.shift}`,
    imm.popAdjustment === undefined ? '' : `${imm.popAdjustment} if rSP is the base`,
  ];
  return ` #(${parts.filter((part) => part !== '').join(' + ')})`;
}

function doorsSection(forms: readonly InstructionForm[]): string {
  const users = new Map<number, Set<string>>();
  for (const form of forms) {
    const context = form.recipeContext(shownSize(form));
    for (const uop of [
      ...form.recipe.uops(context),
      ...(form.recipe.memoryUops?.(context) ?? []),
    ]) {
      if (uop.op !== Op.Microcode && uop.op !== Op.MicrocodeEnd) continue;
      const mnemonics = users.get(uop.extra as Door) ?? new Set();
      users.set(uop.extra as Door, mnemonics.add(form.mnemonic));
    }
  }
  const rows = Object.entries(DOOR_PROPERTIES).map(([number, { ends, faults }]) => {
    const mnemonics = [...(users.get(Number(number)) ?? [])].join(' ');
    return `| ${Door[Number(number)] ?? ''} | ${ends ? 'yes' : '–'} | ${faults ? 'yes' : '–'} | ${mnemonics} |`;
  });
  return [
    '## Microcode doors',
    '',
    'Instructions too complicated for a recipe: each door is one function of the core.',
    '',
    '| door | ends its block | may fault | used by |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function missingSection(forms: readonly InstructionForm[]): string {
  const features = [...new Set(forms.map((form) => form.attributes.feature ?? ''))];
  const rows = features.map((feature) => {
    const ofFeature = forms.filter((form) => form.attributes.feature === feature);
    return `| ${feature} | ${[...new Set(ofFeature.map((form) => form.mnemonic))].join(' ')} |`;
  });
  return [
    '## Not implemented',
    '',
    'The SDM defines these; a run that meets one stops and names it (exit status 10).',
    'AVX512 stands for every EVEX encoding.',
    '',
    '| feature | instructions |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  writeFileSync(join(rootDir, 'docs/instructions.md'), instructionsPage());
}
