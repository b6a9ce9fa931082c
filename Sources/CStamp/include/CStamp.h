#ifndef CSTAMP_H
#define CSTAMP_H

/// What the release script wrote into the program: the commit and the toolchain; empty in other
/// builds.
const char *tally_stamp(void);

#endif
