#include "CStamp.h"

// A section of its own, so that a built program can be stamped without building it again:
// objcopy --update-section .tally.stamp=FILE. It is no constant, which a compiler would fold.
#ifdef __ELF__
__attribute__((section(".tally.stamp"), used))
#endif
char tally_stamp_text[128] = "";

const char *tally_stamp(void) { return tally_stamp_text; }
