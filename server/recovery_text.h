// What a start found on disk, in lines for the server's own log. Pure; any thread.

#ifndef LEAT_SERVER_RECOVERY_TEXT_H_
#define LEAT_SERVER_RECOVERY_TEXT_H_

#include <string>
#include <vector>

#include "server/broker/recovery_summary.h"

namespace leat::server {

// "started after a crash: 4 partitions, 8192 bytes checked, 1 finding, in 12ms".
std::string DescribeRecovery(const broker::RecoverySummary& summary);

// What an operator should know, a line each. Empty when all was well.
std::vector<std::string> DescribeFindings(const broker::RecoverySummary& summary);

}  // namespace leat::server

#endif  // LEAT_SERVER_RECOVERY_TEXT_H_
