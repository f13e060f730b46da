// Imports on their way, with stand-ins for S3 and the volumes; the files of disks are real ones.
#include "services/ec2/settle_import.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "os/program.h"
#include "os/test_directory.h"
#include "services/ec2/imports.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/test_fakes.h"

namespace aerolith::ec2 {
namespace {

class TestClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{std::chrono::milliseconds(1'700'000'000'000)};
};

class SettleImportTest : public testing::Test {
 protected:
  SettleImportTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    restart();
  }

  // As another process finds it.
  void restart() {
    cloud_.reset();
    imports_ = blocks::DiskImports::open(folder_.path()).value();
    cloud_.reset(new Cloud{.metadata = *store_, .volumes = &volumes_, .imports = imports_.get()});
    cloud_->disk_reading.find = [this](const DiskObject& object) -> DiskObjectResult<DiskObjectFacts> {
      if (fault_) return fail(*fault_);
      EXPECT_EQ(object.role, "vmimport");
      return DiskObjectFacts{.size_bytes = objects_.at(object.key).size(), .etag = etag_};
    };
    cloud_->disk_reading.read = [this](const DiskObject& object, const DiskObjectPart& part,
                                       const std::function<bool(std::string_view)>& take) -> DiskObjectResult<> {
      fuse_.step();
      if (part.etag != etag_) return fail(DiskObjectFault::changed);
      take(std::string_view(objects_.at(object.key)).substr(part.offset_bytes, part.size_bytes));
      fuse_.step();
      return {};
    };
  }
  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, body);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  ImportDisk disk(ImportFormat format, const std::string& key = "disk") {
    ImportDisk made{.snapshot = make_id(Kind::snapshot), .format = format, .bucket = "bucket", .key = key};
    made.file = made.snapshot;
    return made;
  }
  std::string begin(std::vector<ImportDisk> disks, bool is_image = false) {
    ImportRecord task{.id = make_id(is_image ? Kind::import_image_task : Kind::import_snapshot_task),
                      .role = "vmimport",
                      .disks = std::move(disks),
                      .moved_at = clock_.now()};
    if (is_image) task.image = ImportedImage{.id = make_id(Kind::image)};
    write([&](metadata::Transaction& txn) -> Result<> {
      imports_of(task.id).put(txn, scope_, task);
      return {};
    });
    return task.id;
  }
  ImportRecord find(const std::string& id) { return *imports_of(id).find(*store_->begin_read(), scope_, id).value(); }
  reconcile::Outcome turn(const std::string& id) {
    return settle_import({.cloud = *cloud_, .clock = clock_, .is_ending = is_ending_}, make_key(scope_, id));
  }
  // Until it is over, or some turn fails.
  ImportRecord settle(const std::string& id) {
    for (int turns = 0; turns < 100 && !find(id).is_over(); ++turns) {
      if (std::holds_alternative<reconcile::Failed>(turn(id))) break;
    }
    return find(id);
  }
  void cancel(const std::string& id) {
    write([&](metadata::Transaction& txn) -> Result<> {
      ImportRecord task = TRY(imports_of(id).get(txn, scope_, id));
      if (task.state == ImportState::active) task.state = ImportState::deleting;
      imports_of(id).put(txn, scope_, task);
      return {};
    });
  }
  std::vector<SnapshotRecord> snapshots() {
    return kSnapshots.all(*store_->begin_read(), snapshot_scope(scope_)).value();
  }
  bool has_files() { return !std::filesystem::is_empty(folder_ / "imports"); }

  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  Fuse fuse_;
  FakeVolumes volumes_{fuse_};
  std::unique_ptr<blocks::DiskImports> imports_;
  TestClock clock_;
  std::atomic<bool> is_ending_ = false;
  std::map<std::string, std::string> objects_{{"disk", std::string(100'000, 'd')}};
  std::string etag_ = "1";
  std::optional<DiskObjectFault> fault_;
  std::unique_ptr<Cloud> cloud_;
  const Scope scope_{.account = AccountId("111122223333"), .region = RegionName("us-east-1")};
};

TEST_F(SettleImportTest, ADiskBecomesASnapshot) {
  const std::string id = begin({disk(ImportFormat::raw)});
  EXPECT_EQ(to_snapshot_task(find(id), {}).snapshot_task_detail->status_message, "pending");
  const ImportRecord task = settle(id);
  EXPECT_EQ(task.state, ImportState::completed);
  ASSERT_EQ(snapshots().size(), 1U);
  const SnapshotRecord made = snapshots().front();
  EXPECT_EQ(made.state, SnapshotState::completed);
  EXPECT_EQ(made.description, "Created by AWS-VMImport service for " + id);
  EXPECT_EQ(volumes_.snapshots.count(made.id), 1U);
  EXPECT_FALSE(has_files());
  const SnapshotTaskDetail shown = *to_snapshot_task(task, {}).snapshot_task_detail;
  EXPECT_EQ(shown.snapshot_id, made.id);
  EXPECT_EQ(shown.disk_image_size, 100'000.0);
  EXPECT_FALSE(shown.progress);
}

TEST_F(SettleImportTest, DisksBecomeAnImage) {
  objects_["data"] = "data";
  volumes_.snapshots["snap-0123456789abcdef0"] = "of somebody";
  ImportDisk third = disk(ImportFormat::snapshot);
  third.source_snapshot = "snap-0123456789abcdef0";
  const std::string id = begin({disk(ImportFormat::raw), disk(ImportFormat::raw, "data"), third}, true);
  const ImportRecord task = settle(id);
  EXPECT_EQ(task.state, ImportState::completed);
  const auto image = kImages.find(*store_->begin_read(), image_scope(scope_), task.image->id).value();
  ASSERT_TRUE(image);
  EXPECT_EQ(image->name, id);
  EXPECT_EQ(image->root_device, "/dev/sda1");
  ASSERT_EQ(image->devices.size(), 3U);
  EXPECT_EQ(image->devices[1].device, "/dev/sdf");
  EXPECT_EQ(image->devices[2].snapshot, third.snapshot);
  EXPECT_EQ(snapshots().size(), 3U);
  EXPECT_EQ(to_image_task(task, {}).image_id, image->id);
}

TEST_F(SettleImportTest, WhatEndsItIsTold) {
  const struct {
    std::optional<DiskObjectFault> fault;
    ImportFormat format;
    std::string bytes;
    std::string message;
  } cases[] = {
      {DiskObjectFault::denied, ImportFormat::raw, "x",
       "ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]"},
      {{}, ImportFormat::raw, "", "ClientError: Disk validation failed [The disk image is empty]"},
      {{}, ImportFormat::vmdk, "x", "ClientError: Disk validation failed [Unsupported VMDK File Format]"},
      {{}, ImportFormat::vhd, "x", "ClientError: Disk validation failed [Unsupported specified file format]"},
      {{}, ImportFormat::ova, "x", "ClientError: Disk validation failed [Unsupported OVA format]"},
  };
  for (const auto& [fault, format, bytes, message] : cases) {
    fault_ = fault;
    objects_["disk"] = bytes;
    const ImportRecord task = settle(begin({disk(format)}));
    EXPECT_EQ(task.state, ImportState::deleted);
    EXPECT_EQ(task.message, message);
    EXPECT_FALSE(has_files());
  }
  EXPECT_TRUE(snapshots().empty());
}

TEST_F(SettleImportTest, AnArchiveBringsItsDisks) {
  if (os::find_program("tar").empty()) GTEST_SKIP() << "no tar here";
  std::ofstream(folder_ / "a.ovf") << R"(<Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References>
    <File ovf:id="f1" ovf:href="one.vmdk"/><File ovf:id="f2" ovf:href="two.vmdk"/></References><DiskSection>
    <Disk ovf:diskId="d2" ovf:fileRef="f2"/><Disk ovf:diskId="d1" ovf:fileRef="f1"/></DiskSection></Envelope>)";
  std::ofstream(folder_ / "one.vmdk") << "1";
  std::ofstream(folder_ / "two.vmdk") << "22";
  ASSERT_TRUE(os::run_checked({.arguments = {"tar", "-C", folder_.path(), "-cf", folder_ / "a.ova", "a.ovf", "one.vmdk",
                                             "two.vmdk"}})
                  .has_value());
  std::ifstream archive(folder_ / "a.ova", std::ios::binary);
  objects_["disk"] = std::string(std::istreambuf_iterator<char>(archive), {});
  const ImportRecord task = settle(begin({disk(ImportFormat::ova)}, true));
  ASSERT_EQ(task.disks.size(), 2U);
  EXPECT_EQ(task.disks[0].size_bytes, 2U);
  EXPECT_EQ(task.disks[0].format, ImportFormat::vmdk);
  EXPECT_NE(task.disks[0].snapshot, task.disks[1].snapshot);
  EXPECT_EQ(task.message, "ClientError: Disk validation failed [Unsupported VMDK File Format]");
  EXPECT_FALSE(has_files());
}

TEST_F(SettleImportTest, AnObjectThatWasReplacedIsNotMixed) {
  const std::string id = begin({disk(ImportFormat::raw)});
  turn(id);
  EXPECT_FALSE(find(id).disks.front().etag.empty());
  etag_ = "2";
  EXPECT_EQ(settle(id).message,
            "ClientError: Disk validation failed [The given S3 object was replaced while it was read]");
}

TEST_F(SettleImportTest, WhatMayPassIsTriedAgain) {
  const std::string id = begin({disk(ImportFormat::raw)});
  fault_ = DiskObjectFault::failed;
  EXPECT_TRUE(std::holds_alternative<reconcile::Failed>(turn(id)));
  EXPECT_EQ(find(id).state, ImportState::active);
  fault_.reset();
  EXPECT_EQ(settle(id).state, ImportState::completed);
}

// What a step took is no time of failures.
TEST_F(SettleImportTest, WhatFailsAfterALongTimeIsTriedAgain) {
  const std::string id = begin({disk(ImportFormat::raw)});
  turn(id);
  clock_.time += std::chrono::hours(1);
  volumes_.snapshot_error = blocks::VolumeError{blocks::VolumeErrorCode::command, "no"};
  settle(id);
  clock_.time += std::chrono::minutes(9);
  settle(id);
  EXPECT_EQ(find(id).state, ImportState::active);
  EXPECT_TRUE(find(id).failing_since);
  volumes_.snapshot_error.reset();
  EXPECT_EQ(settle(id).state, ImportState::completed);
}

TEST_F(SettleImportTest, WhatDoesNotPassIsGivenUp) {
  const std::string id = begin({disk(ImportFormat::raw)});
  volumes_.snapshot_error = blocks::VolumeError{blocks::VolumeErrorCode::command, "no"};
  for (int minutes = 0; minutes < 20 && !find(id).is_over(); ++minutes) {
    settle(id);
    clock_.time += std::chrono::minutes(1);
  }
  EXPECT_EQ(find(id).state, ImportState::deleted);
  EXPECT_EQ(find(id).message, "ServerError: an internal error has occurred during conversion.");
  EXPECT_FALSE(has_files());
}

TEST_F(SettleImportTest, OneThatIsCancelledLeavesNothing) {
  for (int turns = 0; turns < 8; ++turns) {
    const std::string id = begin({disk(ImportFormat::raw)});
    for (int each = 0; each < turns; ++each) turn(id);
    if (find(id).is_over()) break;
    cancel(id);
    EXPECT_EQ(settle(id).state, ImportState::deleted) << turns;
    EXPECT_TRUE(snapshots().empty()) << turns;
    EXPECT_TRUE(volumes_.snapshots.empty()) << turns;
    EXPECT_FALSE(has_files()) << turns;
  }
}

TEST_F(SettleImportTest, AKillAnywhereEndsRight) {
  for (int steps = 0; steps < 8; ++steps) {
    const std::string id = begin({disk(ImportFormat::raw)});
    fuse_.steps_left = steps;
    try {
      settle(id);
    } catch (const Killed&) {
    }
    fuse_.steps_left = -1;
    restart();
    // What has no record yet isn't taken for left behind.
    for (const auto& [snapshot, file] : volumes_.snapshots) {
      EXPECT_TRUE(find(id).is_over() || is_being_imported(*store_->begin_read(), snapshot).value()) << steps;
    }
    EXPECT_EQ(settle(id).state, ImportState::completed) << steps;
    ASSERT_EQ(snapshots().size(), 1U) << steps;
    EXPECT_TRUE(volumes_.snapshots.contains(snapshots().front().id)) << steps;
    EXPECT_FALSE(has_files()) << steps;
    write([&](metadata::Transaction& txn) -> Result<> {
      kSnapshots.erase(txn, snapshot_scope(scope_), snapshots().front());
      return {};
    });
    volumes_.snapshots.clear();
  }
}

}  // namespace
}  // namespace aerolith::ec2
