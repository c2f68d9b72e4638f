// Addresses to listen on: their syntax, and whether somebody else is there. Any thread.

#ifndef LEAT_SERVER_ADDRESS_H_
#define LEAT_SERVER_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace leat::server {

// INVALID_ARGUMENT unless it is HOST:PORT, [IPV6]:PORT or unix:PATH.
absl::Status CheckAddress(const std::string& address);

// Binds and lets go again, so that a port in use is told before the data directory is touched.
// FAILED_PRECONDITION with the address and the reason; for unix:PATH also when a server answers
// there, since gRPC would take the path away from it.
absl::Status CheckFree(const std::string& address);

// Whether only programs on this machine can reach it.
bool IsLocal(const std::string& address);

// The address with the port that was really bound.
std::string WithPort(const std::string& address, int port);

}  // namespace leat::server

#endif  // LEAT_SERVER_ADDRESS_H_
