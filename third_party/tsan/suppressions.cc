// Reports that ThreadSanitizer must drop because they come from libraries that
// were built without it. Libraries only: never name a file or a function of
// ours.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return "race:libgrpc\n"
         "race:libgpr\n"
         "race:libprotobuf\n"
         "race:libabsl_\n";
}
