#include "services/ec2/ovf.h"

#include <gtest/gtest.h>

namespace aerolith::ec2 {
namespace {

using Files = std::vector<std::string>;

std::string envelope(const std::string& files, const std::string& disks) {
  return R"(<?xml version="1.0"?><Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" )"
         R"(xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References>)" +
         files + "</References><DiskSection><Info>disks</Info>" + disks + "</DiskSection></Envelope>";
}

TEST(OvfTest, DisksComeInTheirOrder) {
  const std::string files = R"(<File ovf:id="a" ovf:href="a.vmdk" ovf:size="1"/><File ovf:id="b" ovf:href="b.vmdk"/>)";
  const std::string disks = R"(<Disk ovf:diskId="1" ovf:fileRef="b"/><Disk ovf:diskId="2" ovf:fileRef="a"/>)";
  EXPECT_EQ(disk_files_of(envelope(files, disks)).value(), (Files{"b.vmdk", "a.vmdk"}));
}

TEST(OvfTest, WhatCanNotBeImportedIsSaid) {
  const std::string disk = R"(<Disk ovf:diskId="1" ovf:fileRef="a"/>)";
  EXPECT_EQ(disk_files_of("no XML").error(), "OVF file parsing error: it is not well-formed");
  EXPECT_EQ(disk_files_of(envelope("", "")).error(), "OVF file parsing error: it has no disks");
  EXPECT_EQ(disk_files_of(envelope("", disk)).error(), "OVF file parsing error: a disk has no file");
  EXPECT_EQ(disk_files_of(envelope(R"(<File ovf:id="a" ovf:href="a" ovf:chunkSize="9"/>)", disk)).error(),
            "OVF file parsing error: OVA with chunked disk files is not supported");
  EXPECT_EQ(disk_files_of(envelope(R"(<File ovf:id="a" ovf:href="a" ovf:compression="gzip"/>)", disk)).error(),
            "OVF file parsing error: OVA with compressed files is not supported");
}

}  // namespace
}  // namespace aerolith::ec2
