#include "server/address.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace leat::server {
namespace {

TEST(Address, Syntax) {
  for (const char* address : {"127.0.0.1:7450", "localhost:0", "[::1]:65535", "unix:/tmp/leat.sock",
                              "unix:relative", "0.0.0.0:1"}) {
    EXPECT_TRUE(CheckAddress(address).ok()) << address;
  }
  for (const std::string& address :
       {std::string(""), std::string("7450"), std::string(":7450"), std::string("host"),
        std::string("host:"), std::string("host:65536"), std::string("host:-1"),
        std::string("host:x"), std::string("::1:7450"), std::string("[]:1"), std::string("unix:"),
        "unix:/" + std::string(200, 'x')}) {
    EXPECT_FALSE(CheckAddress(address).ok()) << address;
  }
}

TEST(Address, Locality) {
  for (const char* address : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "localhost:1", "unix:/x"}) {
    EXPECT_TRUE(IsLocal(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "example.com:1"}) {
    EXPECT_FALSE(IsLocal(address)) << address;
  }
}

TEST(Address, KeepsTheHostAndTakesTheBoundPort) {
  EXPECT_EQ(WithPort("127.0.0.1:0", 33'333), "127.0.0.1:33333");
  EXPECT_EQ(WithPort("[::1]:0", 7), "[::1]:7");
  EXPECT_EQ(WithPort("unix:/x", 1), "unix:/x");
}

TEST(Address, FreeOnesAreFree) {
  EXPECT_TRUE(CheckFree("127.0.0.1:0").ok());
  EXPECT_TRUE(CheckFree("unix:/tmp/leat-no-such-socket").ok());
  EXPECT_FALSE(CheckFree("no-such-host.invalid:1").ok());
}

TEST(Address, TellsWhyASocketCannotBeMade) {
  const std::string file = testing::TempDir() + "/no-socket";
  std::ofstream(file) << "mine";
  EXPECT_EQ(CheckFree("unix:" + file).message(),
            "cannot listen on unix:" + file + ": there is a file that is no socket");
  EXPECT_EQ(CheckFree("unix:/no/such/directory").message(),
            "cannot listen on unix:/no/such/directory: No such file or directory");
}

}  // namespace
}  // namespace leat::server
