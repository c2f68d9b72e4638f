// What ThreadSanitizer must not report because it happens in libraries that
// were built without it. Libraries only: never name a file or a function of
// ours.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  // called_from_lib: copies made by these libraries go unseen (reporting and
  // dropping each word of a message costs minutes). Not libgpr, which creates
  // gRPC's threads.
  return "called_from_lib:libgrpc.so\n"
         "called_from_lib:libgrpc++.so\n"
         "called_from_lib:libprotobuf.so\n"
         "called_from_lib:libupb.so\n"
         "race:libgrpc\n"
         "race:libgpr\n"
         "race:libprotobuf\n"
         "race:libupb\n"
         "race:libabsl_\n"
         // Shared statuses: the last reference is counted down in the library,
         // so the order it makes between two holders goes unseen.
         // The second is its name where it was inlined.
         "race:^absl::debian3::Status::Unref\n"
         "race:^Unref$\n";
}
