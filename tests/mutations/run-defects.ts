/**
 * Defects of runs, of the piece in the hand, and of what runs and single pages share, put back one at a time: see heap-defects.ts. The checks are
 * those of tests/boots/frame-checks.ts and row-checks.ts.
 */
import { one, type Defect } from './defect.js';

const RUNS =
  '83 runs begin at a multiple of what was asked for, cross no boundary, and end below the limit';
const SHELF =
  '83 a run holds no page that came back a moment ago, and goes out again as a single one';
const CLAIMED = '83 a run holds no page that is set aside for single ones';
const PIECE_BACK =
  '83 the run or frame that was handed out last goes back once, whichever way it goes';
const PIECE_OTHERS =
  '83 what is in the hand is only for who asks for that, and is free for everybody else';
const ROWS =
  '83 runs of a size in a row share the frames that are begun for them, and each page goes out once';
const ANY_ORDER = '83, 86 runs that come and go in any order are found again, and overlap no other';
const HELD = '80 what a run holds goes back with the run only, wherever it begins and ends';
const BOUNDED =
  '83 a run is found where the lowest free frame does not fit, without looking at all that are free';
const SLAB_BACK = '80 a slab goes back with its cache only, wherever its pages come from';
const FRAMES = 'page-frames.ts';

export const RUN_DEFECTS: readonly Defect[] = [
  one(
    'a search looks at all free frames before it asks whether enough lie together',
    BOUNDED,
    'run-search.ts',
    'min(end, max(reach, index + 1))',
    'end',
  ),
  one(
    'whoever knows where a run begins may free it',
    SLAB_BACK,
    'page-pieces.ts',
    '  if (run.owner != (RunOwner.Block as u64))\n    return run.owner == (RunOwner.Slab as u64) ? MemoryError.Foreign : MemoryError.DoubleFree;\n',
    '',
  ),
  one(
    'P11 a limit is not kept',
    RUNS,
    'page-pieces.ts',
    'return limit == 0 || end <= limit;',
    'return limit == 0 || end != 0;',
  ),
  one(
    'P11 a boundary is not kept',
    RUNS,
    'page-pieces.ts',
    'return allocateRunWithin(n, max(align, 1), boundary, lastPage, node, RunOwner.Block);',
    'return allocateRunWithin(n, max(align, 1), 0, lastPage, node, RunOwner.Block);',
  ),
  one(
    'a run is sought while pages are on the shelf',
    SHELF,
    'page-runs.ts',
    '  releaseShelf();\n  let page = findRun',
    '  let page = findRun',
  ),
  one(
    'the same on the short way',
    SHELF,
    'page-runs.ts',
    '    releaseShelf();\n    const page = takeQuickRun',
    '    const page = takeQuickRun',
  ),
  one(
    'a piece that goes back another way stays out of the hand',
    PIECE_BACK,
    'kmalloc.ts',
    '  forgetPiece();\n',
    '',
  ),
  one(
    'the piece in the hand can be freed',
    PIECE_BACK,
    'piece-hand.ts',
    'if (pages != piecePages || hand != HAND_OUT) return false;',
    'if (pages != piecePages) return false;',
  ),
  one('a page of the piece in the hand is not free', PIECE_BACK, FRAMES, '  releasePiece();\n', ''),
  one(
    'a frame in the hand is taken for a run',
    PIECE_OTHERS,
    'piece-hand.ts',
    ' || isRun != run',
    '',
  ),
  one(
    'a frame goes back as a run',
    PIECE_OTHERS,
    'piece-hand.ts',
    'return isRun && pieceReturn(address, pages);',
    'return pieceReturn(address, pages);',
  ),
  one(
    'a piece goes back with a number of pages that it does not have',
    PIECE_OTHERS,
    'piece-hand.ts',
    'if (pages != piecePages || hand != HAND_OUT) return false;',
    'if (hand != HAND_OUT) return false;',
  ),
  one(
    'a frame for old devices comes out of the hand for everybody',
    PIECE_OTHERS,
    'page-pieces.ts',
    'address != 0 && limit == 0 && from',
    'address != 0 && from',
  ),
  one(
    'the piece in the hand is nothing for single pages',
    PIECE_OTHERS,
    'page-claim.ts',
    '  if (piecePagesIn() == 0) return false;',
    '  return false;',
  ),
  one(
    'the pages of a run go back one by one in a frame that also holds single pages',
    HELD,
    'frame-states.ts',
    'changeBits(descriptor, heldLine(line), leaf, from, to, hold)',
    'changeBits(descriptor, leaf, heldLine(line), from, to, hold)',
  ),
  one(
    'whoever looks for a run does not see what is held',
    HELD,
    'page-claim.ts',
    'sumLines(leaf, heldLine(line));',
    'sumLines(leaf, heldLine(0));',
  ),
  one(
    'whoever looks for a run does not see what is claimed',
    CLAIMED,
    'page-claim.ts',
    'load<u64>(sum + claimed) | claimedPages',
    'load<u64>(sum + claimed)',
  ),
  one('the same on the short way', CLAIMED, 'quick-runs.ts', '~(used | claimedPages)', '~used'),
  one(
    'a word that a run has filled still has a free page, says the descriptor',
    ROWS,
    'quick-runs.ts',
    'if (free == taken) left &= ~((1 as u32) << (FRAME_WORDS_SHIFT + (word as u32)));',
    '',
  ),
  one(
    'the first word of several that a run has filled still has a free page, says the descriptor',
    ROWS,
    'quick-runs.ts',
    'if (freeIn(leaf + head, held + head) != 0) full &= full - 1;',
    'full &= full - 1;',
  ),
  one(
    'the last word of several that a run has filled still has a free page, says the descriptor',
    ROWS,
    'quick-runs.ts',
    'if (freeIn(leaf + tail, held + tail) != 0) full &= ~',
    'full &= ~',
  ),
  one(
    'a run that does not fit in a word is cut where that ends',
    ROWS,
    'quick-runs.ts',
    'if ((free & taken) != taken || first + pages > PAGES_PER_WORD)',
    'if ((free & taken) != taken)',
  ),
  one(
    'the words that a run gives back have no free page, says the descriptor',
    ROWS,
    'quick-runs.ts',
    '(descriptor | words) + (pages as u32)',
    'descriptor + (pages as u32)',
  ),
  one(
    'a frame keeps a held line that holds nothing',
    ROWS,
    'quick-runs.ts',
    'if (isHeldLineEmpty(line)) return',
    'if (line == 0) return',
  ),
  one(
    'a frame that holds nothing any more keeps its line for itself',
    ANY_ORDER,
    'quick-runs.ts',
    '  returnHeldLine(descriptor);\n  changeDescriptor',
    '  changeDescriptor',
  ),
  one(
    'a run is entered behind the recent one, wherever it lies',
    ANY_ORDER,
    'extents.ts',
    'return next == count || extentAt(next).firstFrame > frame;',
    'return true;',
  ),
  one(
    'a frame that a run has filled is still among the partly used ones',
    ROWS,
    'quick-runs.ts',
    '  setRemove(partSet(zone), index);\n  return page;',
    '  return page;',
  ),
  one(
    'the frame that was begun for runs of a size is not noted',
    ROWS,
    'run-search.ts',
    '  if (limit == PAGES_END) noteBegun(notes, index);\n',
    '',
  ),
  one(
    'whole frames are taken where some of them are none',
    ROWS,
    'quick-runs.ts',
    ' || (setWord(fullSet(zone), index) & mask) != mask',
    '',
  ),
  one(
    'a frame of the last search is looked at for what is aligned to more',
    RUNS,
    'run-search.ts',
    'count <= PAGES_PER_FRAME && align <= PAGES_PER_FRAME;',
    'count <= PAGES_PER_FRAME;',
  ),
  one(
    'a frame keeps its line when nothing is held any more',
    HELD,
    'frame-states.ts',
    '      returnHeldLine(after);\n',
    '',
  ),
  one(
    'a frame without a line is one that holds nothing',
    HELD,
    'held-lines.ts',
    'return HELD_NOT_KNOWN;',
    'return 0;',
  ),
];
