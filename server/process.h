// Settings of the process itself, to be made first in `main`, before any thread or lock.

#ifndef LEAT_SERVER_PROCESS_H_
#define LEAT_SERVER_PROCESS_H_

namespace leat::server {

// For every program that uses gRPC: turns off the check of lock order in Debian's Abseil, which
// sends every lock through one global one and can abort a client whose server goes away; and keeps
// gRPC from writing to stderr on its own, unless GRPC_VERBOSITY asks for it. Errors come as Status.
void PrepareProcess();

// For the server as well: keeps freed megabytes in the process instead of giving them back to the
// kernel for each message, and takes all the file descriptors that the system allows.
void PrepareServerProcess();

}  // namespace leat::server

#endif  // LEAT_SERVER_PROCESS_H_
