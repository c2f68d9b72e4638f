// What the command tells the shell.

#ifndef LEAT_CLI_EXIT_CODE_H_
#define LEAT_CLI_EXIT_CODE_H_

namespace leat::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kNotFound = 3,
  kUnavailable = 4,  // Or timed out.
  kConflict = 5,
  kPartlyDone = 6,
  kInterrupted = 130,
};

}  // namespace leat::cli

#endif  // LEAT_CLI_EXIT_CODE_H_
