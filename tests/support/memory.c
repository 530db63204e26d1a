#include "memory.h"

/* The linker's --wrap gives these names. */
void *__real_tg_memory_resize_(void *block, size_t count, size_t size);
void __real_tg_memory_free_(void *block);
void *__wrap_tg_memory_resize_(void *block, size_t count, size_t size);
void __wrap_tg_memory_free_(void *block);

static struct {
  size_t live, requests, fail_at;
  bool from_then_on;
} state;

void memory_fail(size_t at, bool on)
{
  state.requests = 0;
  state.fail_at = at;
  state.from_then_on = on;
}

size_t memory_requests(void) { return state.requests; }

size_t memory_live(void) { return state.live; }

void *__wrap_tg_memory_resize_(void *block, size_t count, size_t size)
{
  if (count > 0 && size > 0) {
    const size_t number = ++state.requests;
    if (state.fail_at && (number == state.fail_at || (state.from_then_on && number > state.fail_at)))
      return NULL;
  }
  void *const made = __real_tg_memory_resize_(block, count, size);
  if (made && !block) state.live++;
  if (!made && block && (count == 0 || size == 0)) state.live--;
  return made;
}

void __wrap_tg_memory_free_(void *block)
{
  if (block) state.live--;
  __real_tg_memory_free_(block);
}
