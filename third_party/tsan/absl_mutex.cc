// Makes absl::Mutex and absl::CondVar visible to ThreadSanitizer.
//
// The system's Abseil is not instrumented and its locks sleep on futexes, so the sanitizer sees no order between two
// critical sections, in our code or between two gRPC callbacks, and reports races that are none. The definitions below
// stand in front of those of libabsl_synchronization.so, for every caller in the process: each does the library's work,
// then (or, when it gives the lock away, first) tells the sanitizer.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#define LEAT_STRING_IMPL(x) #x
#define LEAT_STRING(x) LEAT_STRING_IMPL(x)
#define LEAT_LENGTH_7debian3 "7debian3"

namespace {

// The library's definition of the member function with this mangled name.
template <typename Function>
Function* Next(const char* symbol) {
  void* address = dlsym(RTLD_NEXT, symbol);
  if (address == nullptr) {
    std::fprintf(stderr, "tsan: no %s in the libraries that follow\n", symbol);
    std::abort();
  }
  return reinterpret_cast<Function*>(address);
}

}  // namespace
