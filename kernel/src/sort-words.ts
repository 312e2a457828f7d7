/** Heapsort of `count` u64 words at `words`, ascending, in place: no extra memory, n log n on every input. */
export function sortWords(words: usize, count: u32): void {
  for (let root = count / 2; root != 0;) {
    root -= 1;
    siftDown(words, root, count);
  }
  for (let last = count; last > 1;) {
    last -= 1;
    const greatest = load<u64>(words);
    store<u64>(words, load<u64>(at(words, last)));
    store<u64>(at(words, last), greatest);
    siftDown(words, 0, last);
  }
}

/** Moves the word at `root` down until no child among the first `count` words is greater. */
function siftDown(words: usize, root: u32, count: u32): void {
  const moving = load<u64>(at(words, root));
  while (true) {
    let child = root * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && load<u64>(at(words, child + 1)) > load<u64>(at(words, child)))
      child += 1;
    if (load<u64>(at(words, child)) <= moving) break;
    store<u64>(at(words, root), load<u64>(at(words, child)));
    root = child;
  }
  store<u64>(at(words, root), moving);
}

function at(words: usize, index: u32): usize {
  return words + ((index as usize) << 3);
}
