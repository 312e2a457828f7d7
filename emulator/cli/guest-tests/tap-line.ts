/**
 * One line of TAP or KTAP. Sources: "TAP version 14 specification", testanything.org; "The Kernel Test Anything Protocol (KTAP), version
 * 1" of the Linux kernel's documentation. Indentation says of which test a line is.
 */

interface Indented {
  readonly indent: number;
}

export type TapLine =
  | (Indented & { readonly kind: 'version'; readonly isKernels: boolean })
  | (Indented & { readonly kind: 'plan'; readonly tests: number })
  | (Indented & { readonly kind: 'subtest'; readonly name: string })
  | (Indented & {
      readonly kind: 'result';
      readonly isOk: boolean;
      /** Null where the line has none. */
      readonly number: number | null;
      readonly name: string;
      /** In capitals, such as SKIP; nothing where there is none. */
      readonly directive: string;
      readonly reason: string;
    })
  | (Indented & { readonly kind: 'bail-out'; readonly reason: string })
  | (Indented & { readonly kind: 'diagnostic'; readonly text: string })
  | (Indented & { readonly kind: 'yaml' })
  | (Indented & { readonly kind: 'other'; readonly text: string });

/** What Linux's printk puts before a line: its level, the time, and who prints. */
const PRINTK = /^(?:<\d+>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? /;
const VERSION = /^(K?)TAP version \d+$/;
const PLAN = /^1\.\.(\d{1,9})(?:\s+#.*)?$/;
const SUBTEST = /^# Subtest(?::\s*(.*))?$/;
const RESULT = /^(not )?ok(?:\s+(\d{1,9}))?(?:\s+-(?=\s|$))?(?:\s+(.*))?$/;
const BAIL_OUT = /^Bail out!\s*(.*)$/;
/** A word behind a sign that stands behind white space, or at the beginning. [TAP 14 "Directives"; KTAP has the last three too] */
const DIRECTIVE = /^(.*?)(?:^|\s+)#\s*(SKIP|TODO|XFAIL|TIMEOUT|ERROR)(?![A-Za-z0-9_])\S*\s*(.*)$/i;
/** KTAP: what stands behind a sign with white space on both sides is about the result. */
const COMMENT = /^(.*?)(?:^|\s+)#\s+()(.*)$/;

export function tapLine(text: string, isKernels: boolean): TapLine {
  const line = text.replace(PRINTK, '').trimEnd();
  const body = line.trimStart();
  const indent = line.length - body.length;
  const version = VERSION.exec(body);
  if (version !== null) return { kind: 'version', indent, isKernels: version[1] === 'K' };
  const plan = PLAN.exec(body);
  if (plan !== null) return { kind: 'plan', indent, tests: Number(plan[1]) };
  const subtest = SUBTEST.exec(body);
  if (subtest !== null) return { kind: 'subtest', indent, name: subtest[1] ?? '' };
  const result = RESULT.exec(body);
  if (result !== null) return { kind: 'result', indent, ...resultParts(result, isKernels) };
  const bailOut = BAIL_OUT.exec(body);
  if (bailOut !== null) return { kind: 'bail-out', indent, reason: bailOut[1] ?? '' };
  if (body.startsWith('#')) return { kind: 'diagnostic', indent, text: body.replace(/^#\s?/, '') };
  return body === '---' ? { kind: 'yaml', indent } : { kind: 'other', indent, text: body };
}

function resultParts([, not, number, rest = '']: RegExpExecArray, isKernels: boolean) {
  // A sign that belongs to the description is escaped. [TAP 14 "Escaping"]
  // Meanwhile it is half a pair of surrogates, which no decoded text has alone; with the flag u halves of whole pairs are none.
  const hidden = rest.replace(/\\[\\#]/g, (pair) => (pair === '\\#' ? '\ud800' : '\ud801'));
  const parts = DIRECTIVE.exec(hidden) ?? (isKernels ? COMMENT.exec(hidden) : null);
  const [, before = hidden, directive = '', reason = ''] = parts ?? [];
  const shown = (part: string): string =>
    part
      .replace(/\ud800/gu, '#')
      .replace(/\ud801/gu, '\\')
      .trim();
  return {
    isOk: not === undefined,
    number: number === undefined ? null : Number(number),
    name: shown(before),
    directive: directive.toUpperCase(),
    reason: shown(reason),
  };
}
