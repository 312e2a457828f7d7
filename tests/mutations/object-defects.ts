/**
 * Defects of caches of objects, slabs and kmalloc_small that nobody had yet: see heap-defects.ts. The checks are those of
 * tests/boots/object-checks.ts.
 */
import { one, type Defect } from './defect.js';

const SUITE =
  '103 the five tests of System 7X and the others of the suite pass, and the heap is whole behind them';
const HAND = '106 the object that was handed out last goes back once, whichever way it goes';
const OBJECTS =
  '106 objects of a cache: aligned, distinct, whole; bad frees refused; empty slabs go back';
const IN_BULK =
  '106 objects in bulk: distinct, each mistake is refused for itself, all others go back';
const WHOLE_SLAB = '106 a slab that a bulk call takes whole gives nothing to the next call';
const LAST_OBJECT =
  '106 the last object there is comes from the hand to a bulk call, too, when there is no memory';
const SMALL =
  '106 blocks of kmalloc_small go back once, by their start, past what the magazine holds, too';
const SHAPES = '106 of slabs of any shape every object goes back, and nothing beside one';
const CACHES = 'kmem-cache.ts';

export const OBJECT_DEFECTS: readonly Defect[] = [
  one(
    'a block of kmalloc_small that is in the magazine can be freed',
    SMALL,
    'object-cache.ts',
    'if ((load<u8>(states + granule) as u32) != IN_USE || granule == cache.handGranule) return false;',
    'if (granule == cache.handGranule) return false;',
  ),
  one(
    'a full magazine takes one more',
    SMALL,
    'object-cache.ts',
    '  if (cache.magazineTop >= -1) return false;\n',
    '',
  ),
  one(
    'kfree takes the object of a cache',
    OBJECTS,
    'small-blocks.ts',
    '  if (handle - cacheTable() >= (CACHES_OF_KMALLOC as usize) * CACHE_SIZE) return false;\n',
    '',
  ),
  one(
    'an address is the object whose number is rounded down',
    SHAPES,
    'object-cache.ts',
    'return rotr<u64>(offset * cache.inverse, cache.twos);',
    'return (offset * cache.inverse) >> cache.twos;',
  ),
  one(
    'the inverse of a stride is right in its low 48 bits only',
    SHAPES,
    'object-cache.ts',
    'for (let bits = 3; bits < 64; bits *= 2)',
    'for (let bits = 3; bits < 32; bits *= 2)',
  ),
  one(
    'an object in the magazine can be freed, the short way',
    OBJECTS,
    CACHES,
    '  if ((load<u8>(state) as u32) != IN_MAGAZINE) return freeUndone(cache, granule, states);\n',
    '',
  ),
  one(
    "another cache's object can be freed, the short way",
    OBJECTS,
    CACHES,
    '  if (slabPageCache(place) != cache) return freeElsewhere(cache, granule);\n',
    '',
  ),
  one(
    'the inside of an object can be freed, the short way',
    OBJECTS,
    CACHES,
    'const granule = rotr<usize>(object, GRANULE_SHIFT);',
    'const granule = object >> GRANULE_SHIFT;',
  ),
  one(
    'a full magazine takes one more, the short way',
    OBJECTS,
    CACHES,
    '  if (changetype<KmemCache>(cache).magazineTop >= 0) freeOfFull(changetype<KmemCache>(cache));\n',
    '',
  ),
  one(
    'a free that is refused leaves a mark',
    OBJECTS,
    CACHES,
    '  store<u8>(states + granule, load<u8>(states + granule) + 1);\n',
    '',
  ),
  one(
    'the object in the hand can be freed, the short way',
    HAND,
    CACHES,
    '    if (changetype<KmemCache>(cache).hand != HAND_OUT) return freeElsewhere(cache, granule);\n',
    '',
  ),
  one(
    'the object in the hand can be freed',
    HAND,
    CACHES,
    'if (isInHand || (load<u8>(stateAddress(start, object)) as u32) != IN_USE)\n',
    'if ((load<u8>(stateAddress(start, object)) as u32) != IN_USE)\n',
  ),
  one(
    'an object that goes back the long way stays out of the hand',
    HAND,
    CACHES,
    '  if (granule == cache.handGranule) cache.handGranule = 0;\n',
    '',
  ),
  one(
    'the object in the hand is lost when its cache shrinks',
    HAND,
    'object-cache.ts',
    '  emptyHand(cache);\n',
    '  cache.hand = HAND_OUT;\n',
  ),
  one(
    'the object in the hand is no object without memory for others',
    LAST_OBJECT,
    CACHES,
    '    kmem_cache_shrink();\n    object = cacheTake(cache);',
    '    if (kmem_cache_shrink() != 0) object = cacheTake(cache);',
  ),
  one(
    'empty slabs stay for ever',
    OBJECTS,
    'object-cache.ts',
    '  if (slab.taken == 0) {\n    unlinkPartial(cache, slab);',
    '  if (slab.taken == u32.MAX_VALUE) {\n    unlinkPartial(cache, slab);',
  ),
  one(
    'an object goes back twice in one call in bulk',
    IN_BULK,
    'object-bulk.ts',
    '    if ((load<u8>(state) as u32) != IN_USE) break;\n',
    '',
  ),
  one(
    'a slab that a bulk call empties stays among those with free objects',
    IN_BULK,
    'object-bulk.ts',
    '    slabWasTakenFrom(cache, slab);\n',
    '',
  ),
  one(
    'pages of a slab that went back stay in their places',
    OBJECTS,
    'slab.ts',
    '  slabPagesForget(start, pages);\n',
    '',
  ),
  one(
    'what a bulk call takes of a new slab is not in use',
    IN_BULK,
    'object-bulk.ts',
    '      store<u32>(state, word);\n',
    '',
  ),
  one(
    'what was handed out last goes back in bulk and stays out of the hand',
    HAND,
    'object-bulk.ts',
    '  emptyHand(cache);\n',
    '',
  ),
  one(
    'a new slab of which a bulk call takes all has one more that is free',
    WHOLE_SLAB,
    'slab.ts',
    '& ~firstBits(taken, from)',
    '& ~firstBits(taken - 1, from)',
  ),
  one(
    'a new slab of which a bulk call takes all is among those with free objects',
    WHOLE_SLAB,
    'object-cache.ts',
    '  if (taken == shape.capacity) linkFull(cache, start);\n  else linkPartial(cache, start);\n',
    '  linkPartial(cache, start);\n',
  ),
  one(
    'a bulk call takes objects of a new slab that were not constructed',
    SUITE,
    'object-bulk.ts',
    ' | cache.constructing) == 0',
    ') == 0',
  ),
  one(
    'a bulk call that takes all of a slab leaves its last object free',
    WHOLE_SLAB,
    'object-bulk.ts',
    '>> (64 - taken)) << number',
    '>> (65 - taken)) << number',
  ),
  one(
    'a bulk call takes an object between two for one of them',
    IN_BULK,
    'object-bulk.ts',
    'const index = rotr<u64>(((object - first) as u64) * inverse, twos);',
    'const index = ((object - first) as u64) / (shapeOf(cache).stride as u64);',
  ),
];
