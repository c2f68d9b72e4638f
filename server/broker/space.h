// Whether the disk has room for more records. A plain value.

#ifndef LEAT_SERVER_BROKER_SPACE_H_
#define LEAT_SERVER_BROKER_SPACE_H_

namespace leat::broker {

enum class Space { kEnough, kLow };

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_SPACE_H_
