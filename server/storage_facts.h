// What kind of storage a data directory lies on, for the log and GetServerInfo. Any thread.

#ifndef LEAT_SERVER_STORAGE_FACTS_H_
#define LEAT_SERVER_STORAGE_FACTS_H_

#include <string>

#include "storage/io/file_system.h"

namespace leat::server {

// Such as "ext4".
std::string FileSystemName(const std::string& directory);

// Whether segments in a data directory that the broker has opened are written past the page cache.
bool UsesDirectIo(io::FileSystem& files, const std::string& data_directory);

}  // namespace leat::server

#endif  // LEAT_SERVER_STORAGE_FACTS_H_
