// What api.h tells of VPCs to those who serve their guests.
#include "ec2/model/vpc.h"
#include "services/ec2/addresses.h"
#include "services/ec2/api.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

class GuestFactsTest : public HandlerTest {
 protected:
  GuestFactsTest() {
    write([&](metadata::Transaction& txn) -> Result<> {
      vpc_ = make_vpc(txn, scope_, {.cidr = "10.0.0.0/16"});
      other_ = make_vpc(txn, scope_, {.cidr = "10.0.0.0/16"}).id;
      const SubnetRecord subnet{.id = make_id(Kind::subnet), .vpc = vpc_.id, .cidr = "10.0.1.0/24"};
      TRY(put_subnet(txn, scope_, vpc_, subnet));
      InterfaceRecord interface = TRY(make_interface(txn, scope_, {.subnet = subnet}));
      private_ = interface.addresses.front().address;
      public_ = TRY(take_public_address(txn, "198.18.0.0/16", scope_, interface.id));
      interface.addresses.front().public_address = PublicAddressRecord{.address = public_};
      kInterfaces.put(txn, scope_, interface);
      return {};
    });
  }
  void set_hostnames(bool on) {
    write([&](metadata::Transaction& txn) -> Result<> {
      vpc_.dns_hostnames = on;
      kVpcs.put(txn, scope_, vpc_);
      return {};
    });
  }
  std::string resolved(const std::string& vpc, const std::string& address) {
    const auto found = resolve_public_name(*store_, vpc, address);
    return !found.has_value() ? "an error" : !*found ? "none" : **found;
  }
  std::optional<EndpointFacts> endpoint() { return find_network(*store_, vpc_.id).value()->s3_endpoint; }

  VpcRecord vpc_;
  std::string other_;
  std::string private_;
  std::string public_;
};

TEST_F(GuestFactsTest, PublicNamesLeadToPrivateAddressesInsideTheirVpc) {
  set_hostnames(true);
  EXPECT_EQ(resolved(vpc_.id, public_), private_);
  EXPECT_EQ(resolved(other_, public_), public_);
  EXPECT_EQ(resolved(vpc_.id, "198.18.9.9"), "198.18.9.9");
}

TEST_F(GuestFactsTest, AVpcWithoutHostnamesGivesNone) {
  EXPECT_EQ(resolved(vpc_.id, public_), "none");
  EXPECT_EQ(resolved(other_, public_), "none");
}

TEST_F(GuestFactsTest, TheEndpointOfAVpc) {
  EXPECT_FALSE(endpoint().has_value());
  EndpointRecord record{.id = make_id(Kind::endpoint), .vpc = vpc_.id, .policy = std::string(kEndpointFullAccess)};
  const auto put = [&] {
    write([&](metadata::Transaction& txn) -> Result<> {
      kEndpoints.put(txn, scope_, record);
      return {};
    });
  };
  put();
  ASSERT_TRUE(endpoint().has_value());
  EXPECT_EQ(endpoint()->id, record.id);
  EXPECT_EQ(endpoint()->policy, "");
  record.policy = R"({"Statement": []})";
  put();
  EXPECT_EQ(endpoint()->policy, record.policy);
}

}  // namespace
}  // namespace aerolith::ec2
