/// Inner loops that need the machine's widest vectors, chosen at run time.
#ifndef CKERNELS_H
#define CKERNELS_H

#endif
