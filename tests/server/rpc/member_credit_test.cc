#include "server/rpc/member_credit.h"

#include <gtest/gtest.h>

#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using Mode = MemberCredit::Mode;

TEST(MemberCreditTest, ZeroBytesAreTheDefaultAndZeroRecordsNoLimit) {
  MemberCredit credit(Mode::kWindow, {});
  EXPECT_EQ(credit.left().bytes, 8 << 20);
  credit.Charge({1, 1'000'000'000});
  EXPECT_FALSE(credit.exhausted());
  EXPECT_EQ(credit.left().bytes, (8 << 20) - 1);
}

TEST(MemberCreditTest, EitherLimitExhausts) {
  MemberCredit bytes(Mode::kWindow, {100, 0});
  bytes.Charge({100, 1});
  EXPECT_TRUE(bytes.exhausted());
  MemberCredit records(Mode::kWindow, {100, 2});
  records.Charge({1, 1});
  EXPECT_FALSE(records.exhausted());
  records.Charge({1, 1});
  EXPECT_TRUE(records.exhausted());
}

TEST(MemberCreditTest, WhatWasOverdrawnIsOwed) {
  MemberCredit credit(Mode::kWindow, {100, 0});
  credit.Charge({350, 1});
  credit.GiveBack({250, 1});
  EXPECT_TRUE(credit.exhausted());
  credit.GiveBack({100, 1});
  EXPECT_EQ(credit.left().bytes, 100);
}

TEST(MemberCreditTest, AWindowIsNotGranted) {
  MemberCredit credit(Mode::kWindow, {100, 0});
  EXPECT_EQ(record::ReasonOf(credit.Grant({1, 0})), record::Reason::kInvalidField);
  EXPECT_EQ(credit.left().bytes, 100);
}

TEST(MemberCreditTest, NothingComesBackToExplicitCreditButByGrants) {
  MemberCredit credit(Mode::kExplicit, {100, 5});
  credit.Charge({100, 5});
  credit.GiveBack({100, 5});
  EXPECT_TRUE(credit.exhausted());
  EXPECT_TRUE(credit.Grant({10, 0}).ok());
  EXPECT_TRUE(credit.exhausted());  // No records yet.
  EXPECT_TRUE(credit.Grant({0, 2}).ok());
  EXPECT_EQ(credit.left(), (Amount{10, 2}));
}

TEST(MemberCreditTest, GrantsAreCheckedAsAWhole) {
  MemberCredit credit(Mode::kExplicit, {100, 5});
  const Amount bad[] = {{-1, 0}, {0, -1}, {MemberCredit::kMaxBytes, 0}, {INT64_MAX, INT64_MAX}};
  for (const Amount& amount : bad) {
    EXPECT_EQ(record::ReasonOf(credit.Grant(amount)), record::Reason::kInvalidField);
  }
  EXPECT_EQ(credit.left(), (Amount{100, 5}));
  EXPECT_TRUE(credit.Grant({MemberCredit::kMaxBytes - 100, 0}).ok());
}

TEST(MemberCreditTest, NoNumberOfRecordsOverflows) {
  MemberCredit credit(Mode::kExplicit, {100, INT64_MAX});
  EXPECT_TRUE(credit.Grant({0, INT64_MAX / 2}).ok());
  EXPECT_TRUE(credit.Grant({0, INT64_MAX / 2}).ok());
  EXPECT_FALSE(credit.exhausted());
}

constexpr Amount kWindow{25'600, 0};  // A grain is 100 bytes.

TEST(ChargeLedgerTest, GivesBackWhatEndsBeforeThePosition) {
  ChargeLedger ledger;
  ledger.Add({10}, {1'000, 10}, kWindow);
  ledger.Add({20}, {2'000, 10}, kWindow);
  ledger.Add({30}, {4'000, 10}, kWindow);
  EXPECT_EQ(ledger.TakeBefore({9}), (Amount{0, 0}));
  EXPECT_EQ(ledger.TakeBefore({25}), (Amount{3'000, 20}));
  EXPECT_EQ(ledger.TakeBefore({25}), (Amount{0, 0}));
  EXPECT_EQ(ledger.TakeAll(), (Amount{4'000, 10}));
  EXPECT_EQ(ledger.size(), 0u);
}

TEST(ChargeLedgerTest, StaysSmallWhateverTheMessages) {
  ChargeLedger ledger;
  for (int i = 1; i <= 25'600; ++i) ledger.Add({i}, {1, 1}, kWindow);
  EXPECT_EQ(ledger.size(), 256u);
  EXPECT_EQ(ledger.TakeBefore({12'800}), (Amount{12'800, 12'800}));
  EXPECT_EQ(ledger.TakeBefore({25'599}), (Amount{12'700, 12'700}));
  EXPECT_EQ(ledger.TakeBefore({25'600}), (Amount{100, 100}));
}

TEST(ChargeLedgerTest, FewRecordsComeBackOneByOne) {
  ChargeLedger ledger;
  const Amount window{1 << 20, 10};
  for (int i = 1; i <= 10; ++i) ledger.Add({i}, {1, 1}, window);
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(ledger.TakeBefore({i}), (Amount{1, 1}));
}

}  // namespace
}  // namespace leat::rpc
