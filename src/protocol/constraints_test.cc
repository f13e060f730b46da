#include "protocol/constraints.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "s3/model.h"
#include "s3/schema.h"
#include "services.h"

namespace aerolith::protocol {
namespace {

constexpr std::string_view kColors[] = {"RED", "BLUE"};
constexpr Constraints kNameLimits{.min = 1, .max = 4, .pattern = "[a-z]+", .enum_values = {}};
constexpr Constraints kColorLimits{.enum_values = kColors};
constexpr Constraints kCountLimits{.min = 1, .max = 10, .pattern = {}, .enum_values = {}};

struct Item {
  std::optional<std::string> name;
  std::optional<std::string> color;
  std::optional<int32_t> count;
};
struct Order {
  std::optional<std::vector<Item>> items;
};

#pragma GCC diagnostic ignored "-Winvalid-offsetof"
const Shape kName{.name = "Name", .kind = Kind::string, .constraints = &kNameLimits};
const Shape kColor{.name = "Color", .kind = Kind::string, .constraints = &kColorLimits};
const Shape kCount{.name = "Count", .kind = Kind::integer, .constraints = &kCountLimits};
const Member kItemMembers[] = {
    {.name = "Name",
     .shape = &kName,
     .ops = &FieldAccess<std::optional<std::string>>::ops,
     .offset_bytes = offsetof(Item, name),
     .required = true},
    {.name = "Color",
     .shape = &kColor,
     .ops = &FieldAccess<std::optional<std::string>>::ops,
     .offset_bytes = offsetof(Item, color)},
    {.name = "Count",
     .shape = &kCount,
     .ops = &FieldAccess<std::optional<int32_t>>::ops,
     .offset_bytes = offsetof(Item, count)},
};
const Shape kItem{.name = "Item", .kind = Kind::structure, .members = kItemMembers};
const Member kItemElement{.name = "member", .shape = &kItem};
const Shape kItems{.name = "Items",
                   .kind = Kind::list,
                   .constraints = &kCountLimits,
                   .element = &kItemElement,
                   .list_ops = &ListAccess<Item>::ops};
const Member kOrderMembers[] = {{.name = "Items",
                                 .shape = &kItems,
                                 .ops = &FieldAccess<std::optional<std::vector<Item>>>::ops,
                                 .offset_bytes = offsetof(Order, items)}};
const Shape kOrder{.name = "Order", .kind = Kind::structure, .members = kOrderMembers};

std::string detail_of(const Shape& shape, const void* value) {
  auto error = check_constraints(shape, value);
  return error ? error->detail : "";
}

TEST(Constraints, HoldForAGoodValue) {
  Item item{.name = "abcd", .color = "RED", .count = 10};
  EXPECT_EQ(check_constraints(kItem, &item), std::nullopt);
}

TEST(Constraints, MessagesAreThoseOfAws) {
  Item item{.name = "abcde", .color = std::nullopt, .count = std::nullopt};
  EXPECT_EQ(
      detail_of(kItem, &item),
      "1 validation error detected: Value 'abcde' at 'name' failed to satisfy constraint: Member must have length "
      "less than or equal to 4");
  item = {.name = std::nullopt, .color = std::nullopt, .count = 0};
  EXPECT_EQ(detail_of(kItem, &item),
            "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; "
            "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1");
  item = {.name = "a b", .color = "GREEN", .count = 11};
  EXPECT_EQ(detail_of(kItem, &item),
            "3 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-z]+; Value 'GREEN' at 'color' failed to satisfy constraint: Member must "
            "satisfy enum value set: [RED, BLUE]; Value '11' at 'count' failed to satisfy constraint: Member must have "
            "value less than or equal to 10");
}

TEST(Constraints, CountCodePointsNotBytes) {
  Item item{.name = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", .color = std::nullopt, .count = std::nullopt};
  // Four letters: only the pattern is broken.
  EXPECT_EQ(detail_of(kItem, &item).find("length"), std::string::npos);
}

TEST(Constraints, PathsLeadIntoLists) {
  Order order{.items = std::vector<Item>{{"ab", {}, {}}, {{}, {}, {}}}};
  auto error = check_constraints(kOrder, &order);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, DecodeErrorCode::missing);
  EXPECT_EQ(error->member_path, "Items[1].Name");
  EXPECT_NE(error->detail.find("at 'items.2.member.name'"), std::string::npos);
  order.items->clear();
  EXPECT_NE(detail_of(kOrder, &order).find("greater than or equal to 1"), std::string::npos);
}

TEST(Constraints, ManyBreachesMakeAShortMessage) {
  Order order{.items = std::vector<Item>(1000)};
  EXPECT_LT(detail_of(kOrder, &order).size(), 4096U);
}

TEST(Constraints, LongTextAgainstAPatternIsLinear) {
  static constexpr Constraints kHard{.min = 0, .max = 1e9, .pattern = "(a+)+b", .enum_values = {}};
  static const Shape kShape{.name = "Hard", .kind = Kind::string, .constraints = &kHard};
  static const Member kMembers[] = {{.name = "Text",
                                     .shape = &kShape,
                                     .ops = &FieldAccess<std::optional<std::string>>::ops,
                                     .offset_bytes = offsetof(Item, name)}};
  static const Shape kStructure{.name = "S", .kind = Kind::structure, .members = kMembers};
  Item item{.name = std::string(1 << 20, 'a'), .color = {}, .count = {}};
  EXPECT_NE(detail_of(kStructure, &item), "");
}

TEST(Constraints, S3RequiresItsBucket) {
  s3::DeleteBucketInput input;
  EXPECT_NE(detail_of(s3::schema::kDeleteBucketInput, &input), "");
  input.bucket = "bucket";
  EXPECT_EQ(detail_of(s3::schema::kDeleteBucketInput, &input), "");
}

// A pattern that RE2 can't compile must be rewritten or left out by the generator, not dropped in silence.
void expect_supported(const Shape* shape, std::set<const Shape*>& seen) {
  if (shape == nullptr || !seen.insert(shape).second) return;
  if (shape->constraints != nullptr && !shape->constraints->pattern.empty()) {
    EXPECT_TRUE(pattern_is_supported(shape->constraints->pattern))
        << shape->name << ": " << shape->constraints->pattern;
  }
  for (const Member& member : shape->members) expect_supported(member.shape, seen);
  if (shape->element != nullptr) expect_supported(shape->element->shape, seen);
  if (shape->key != nullptr) expect_supported(shape->key->shape, seen);
}

TEST(Constraints, EveryPatternOfTheModelsIsSupported) {
  std::set<const Shape*> seen;
  for (const Service* service : all_services()) {
    for (const Operation& operation : service->operations) expect_supported(operation.input, seen);
  }
  EXPECT_GT(seen.size(), 0U);
}

}  // namespace
}  // namespace aerolith::protocol
