// Seeds of the fuzz targets about groups.

#ifndef LEAT_TESTS_FUZZ_GROUP_CORPUS_H_
#define LEAT_TESTS_FUZZ_GROUP_CORPUS_H_

#include "tests/fuzz/corpus.h"

namespace leat::fuzz {

void AddGroups(const Corpus& corpus);

}  // namespace leat::fuzz

#endif  // LEAT_TESTS_FUZZ_GROUP_CORPUS_H_
