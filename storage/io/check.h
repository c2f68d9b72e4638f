// `LEAT_CHECK`: stops the process when our own code is wrong. What the world may do is an
// `absl::Status` instead.
//
// Private to storage. Any thread.

#ifndef LEAT_STORAGE_IO_CHECK_H_
#define LEAT_STORAGE_IO_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Prints the condition and the place and aborts unless `condition` holds; in every build.
#define LEAT_CHECK(condition)                                                            \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

#endif  // LEAT_STORAGE_IO_CHECK_H_
