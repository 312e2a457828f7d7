/** The XML that CI systems read; what a well-formed document is says XML 1.0. */
import { describe, expect, it } from 'vitest';
import { junitDocument, type TestCase } from './junit.js';

const passed: TestCase = {
  name: 'ram 8 MiB',
  ns: 4_812_000,
  result: 'PASS',
  message: '',
  details: [],
  properties: {},
  subtests: [],
  output: '',
};

describe('junitDocument', () => {
  it('is a suite with its cases, times in seconds of guest time', () => {
    const failed: TestCase = { ...passed, name: 'ram 4 GiB', result: 'FAIL', message: 'it hangs' };
    const lost: TestCase = { ...passed, ns: null, result: 'ERROR', message: 'no file' };
    expect(junitDocument([{ name: 'k.elf', cases: [passed, failed, lost] }]).split('\n')).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites>',
      '<testsuite name="k.elf" tests="3" failures="1" errors="1" skipped="0" time="0.009624000">',
      '<testcase classname="k.elf" name="ram 8 MiB" time="0.004812000">',
      '</testcase>',
      '<testcase classname="k.elf" name="ram 4 GiB" time="0.004812000">',
      '<failure message="it hangs">it hangs</failure>',
      '</testcase>',
      '<testcase classname="k.elf" name="ram 8 MiB" time="0.000000000">',
      '<error message="no file">no file</error>',
      '</testcase>',
      '</testsuite>',
      '</testsuites>',
      '',
    ]);
  });

  it('has properties, and what COM1 showed', () => {
    const text = junitDocument([
      { name: 'k', cases: [{ ...passed, properties: { free: '12' }, output: 'one\n' }] },
    ]);
    expect(text).toContain('<properties>\n<property name="free" value="12"/>\n</properties>');
    expect(text).toContain('<system-out>one\n</system-out>');
  });

  it('keeps the last 65 536 characters of the output', () => {
    const text = junitDocument([
      { name: 'k', cases: [{ ...passed, output: `first${'x'.repeat(65_535)}y` }] },
    ]);
    expect(/<system-out>(x*)y</.exec(text)?.[1]).toHaveLength(65_535);
  });

  it.each([
    ['<a href="b">&', '&lt;a href=&quot;b&quot;&gt;&amp;'],
    ['\u0000\u0007\u001b[0m', '\ufffd\ufffd\ufffd[0m'],
    ['tab\tand end\r\n', 'tab\tand end\r\n'],
    ['\ud800 alone, \u{1f600} whole, \uffff none', '\ufffd alone, \u{1f600} whole, \ufffd none'],
  ])('writes %j as XML may hold it', (output, written) => {
    expect(junitDocument([{ name: 'k', cases: [{ ...passed, output }] }])).toContain(
      `<system-out>${written}</system-out>`,
    );
  });

  it('keeps line ends of a message in its attribute', () => {
    const failed: TestCase = { ...passed, result: 'FAIL', message: 'a\n"b"', details: ['<c>'] };
    expect(junitDocument([{ name: 'k', cases: [failed] }])).toContain(
      '<failure message="a&#10;&quot;b&quot;">a\n&quot;b&quot;\n&lt;c&gt;</failure>',
    );
  });
});
