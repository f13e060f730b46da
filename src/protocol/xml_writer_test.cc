#include "protocol/xml_writer.h"

#include <gtest/gtest.h>

#include <utility>

#include "protocol/xml_reader.h"

namespace aerolith::protocol {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_xml_escaped(text, out);
  return out;
}

TEST(XmlWriter, EscapesText) {
  EXPECT_EQ(escaped("a&<>\"'b"), "a&amp;&lt;&gt;&quot;&apos;b");
  EXPECT_EQ(escaped("1\r\n\t2"), "1&#xD;\n\t2");
  EXPECT_EQ(escaped(std::string_view("\x01\x1F\0", 3)), "&#x1;&#x1F;&#x0;");
  EXPECT_EQ(escaped("\xEF\xBF\xBE\xEF\xBF\xBF"), "&#xFFFE;&#xFFFF;");
  EXPECT_EQ(escaped("\xC3\xA9\xF0\x9F\x98\xB9"), "\xC3\xA9\xF0\x9F\x98\xB9");
}

// Wherever it stands in texts of whatever size: they are looked at in pieces.
TEST(XmlWriter, EscapesAtEveryPlace) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (const auto& [special, reference] : {std::pair{'&', "&amp;"},
                                               {'<', "&lt;"},
                                               {'>', "&gt;"},
                                               {'"', "&quot;"},
                                               {'\'', "&apos;"},
                                               {'\r', "&#xD;"},
                                               {'\xFF', "\xEF\xBF\xBD"}}) {
        std::string text(size, '~');
        text[at] = special;
        const std::string wanted = std::string(at, '~') + reference + std::string(size - at - 1, '~');
        EXPECT_EQ(escaped(text), wanted);
        std::string out;
        XmlWriter(out).leaf("a", text);
        EXPECT_EQ(out, "<a>" + wanted + "</a>");
      }
    }
  }
}

TEST(XmlWriter, LeavesMostCharactersAsTheyAre) {
  std::string all;
  for (char c = 0x20; c < 0x7F; ++c) {
    if (std::string_view("&<>\"'").find(c) == std::string_view::npos) all += c;
  }
  for (size_t begin = 0; begin < all.size(); ++begin) EXPECT_EQ(escaped(all.substr(begin)), all.substr(begin));
}

TEST(XmlWriter, NeverWritesInvalidUtf8) {
  EXPECT_EQ(escaped("\xFFz\xC3"), "\xEF\xBF\xBDz\xEF\xBF\xBD");
  EXPECT_EQ(escaped("\xE2\x82<"), "\xEF\xBF\xBD\xEF\xBF\xBD&lt;");
}

TEST(XmlWriter, WritesElements) {
  std::string out;
  XmlWriter xml(out);
  xml.declaration();
  xml.open("A");
  xml.xml_namespace({"", "http://x/"});
  xml.xml_namespace({"p", "http://y/"});
  xml.xml_namespace({});
  xml.attribute("b", "1\n\t2\"");
  xml.leaf("C", "c");
  xml.leaf("D", "");
  xml.open("E");
  xml.close("E");
  xml.close("A");
  EXPECT_EQ(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<A xmlns=\"http://x/\" xmlns:p=\"http://y/\" b=\"1&#xA;&#x9;2&quot;\"><C>c</C><D></D><E/></A>");
}

TEST(XmlWriter, TheReaderGetsBackWhatWasWritten) {
  const std::string text = "\r\n\t \x01\x7F&lt;]]>\xC3\xA9 ";
  std::string out;
  XmlWriter xml(out);
  xml.open("a");
  xml.attribute("b", text);
  xml.text(text);
  xml.close("a");
  Result<XmlDocument, XmlError> document = XmlDocument::parse(out);
  ASSERT_TRUE(document.has_value()) << document.error().detail;
  EXPECT_EQ(document->root().text(), text);
  EXPECT_EQ(document->root().attribute("b"), text);
}

}  // namespace
}  // namespace aerolith::protocol
