// The server's log: one line for each event, on stderr, as text or as JSON.

#ifndef LEAT_SERVER_LOGGING_H_
#define LEAT_SERVER_LOGGING_H_

#include <string>

namespace leat::server {

// Sets up spdlog's default logger. `level` and `format` as in the configuration. Once, at start.
void SetUpLogging(const std::string& level, const std::string& format);

}  // namespace leat::server

#endif  // LEAT_SERVER_LOGGING_H_
