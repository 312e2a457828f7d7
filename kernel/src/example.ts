import { print, printAddress, printLine, newLine } from './console';
import { kfree, kmalloc, krealloc } from './kmalloc';
import { PAGE_SIZE } from './page';
import { pmm_alloc_page, pmm_free_page } from './page-frames';
import { mem_print_stats } from './statistics';

/** How the memory manager is used: a page, a buffer that grows, and everything given back. */
export function nk_memory_example(): void {
  printLine('[nk_example] a page frame, a buffer, a larger buffer');

  const page = pmm_alloc_page();
  show('pmm_alloc_page()          ', page);
  if (page != 0) memory.fill(page, 0, PAGE_SIZE); // pages come with old contents

  const buffer = kmalloc(1024);
  show('kmalloc(1024)             ', buffer);
  if (buffer != 0) store<u64>(buffer, 0x0123_4567_89ab_cdef);

  const larger = krealloc(buffer, 8192);
  show('krealloc(buffer, 8192)    ', larger);
  if (larger != 0 && load<u64>(larger) == 0x0123_4567_89ab_cdef) {
    printLine('[nk_example]   the contents are still there');
  }

  mem_print_stats();
  kfree(larger);
  pmm_free_page(page);
  printLine('[nk_example] all given back');
}

function show(call: string, address: usize): void {
  print('[nk_example]   ');
  print(call);
  print('= ');
  printAddress(address);
  newLine();
}
