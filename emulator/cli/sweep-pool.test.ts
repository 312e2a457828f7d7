/** The pool of a sweep, with workers that fail as a whole. */
import { writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { runRows, StopFlag } from './sweep-pool.js';
import type { RowReply, RowRequest } from './sweep-worker.js';

/** A worker that answers with a message, but for one request, at which `fate` is what it does. */
function script(fate: string): URL {
  const path = join(mkdtempSync(join(tmpdir(), 's7x-pool-')), 'worker.mjs');
  writeFileSync(
    path,
    "import { parentPort } from 'node:worker_threads';\n" +
      "parentPort.on('message', ({ folder }) => {\n" +
      `  if (folder === 'bad') { ${fate} }\n` +
      '  else parentPort.postMessage({ record: null, error: { message: folder, code: 0 } });\n' +
      '});\n',
  );
  return pathToFileURL(path);
}

const requests = ['one', 'bad', 'three', 'four'].map((folder) => ({ folder }) as RowRequest);

it.each([
  ['throws', "throw new Error('the worker threw');", /^the worker threw$/],
  ['ends', 'process.exit(3);', /^the worker thread ended with 3$/],
])(
  'a worker that %s is an error of one row, and the rows after it run',
  async (_how, fate, why) => {
    const replies: RowReply[] = [];
    const keep = (place: number, reply: RowReply): void => {
      replies[place] = reply;
    };
    await runRows(requests, 1, new StopFlag(), keep, script(fate));
    expect(replies.map(({ error }) => error)).toEqual([
      { message: 'one', code: 0 },
      { message: expect.stringMatching(why) as string, code: 14 },
      { message: 'three', code: 0 },
      { message: 'four', code: 0 },
    ]);
  },
);

it('begins no row after the flag is raised', async () => {
  const stop = new StopFlag();
  const places: number[] = [];
  await runRows(
    requests,
    1,
    stop,
    (place) => {
      places.push(place);
      if (place === 0) stop.raise();
    },
    script(''),
  );
  expect(places).toEqual([0]);
});
