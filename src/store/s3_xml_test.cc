// SPDX-License-Identifier: MIT
#include "store/s3_xml.h"

#include <gtest/gtest.h>

#include <string>

namespace duckpond {
namespace {

TEST(S3XmlTest, ElementsTextAndEntitiesAreRead) {
  const auto root = ParseXml(
      "\xEF\xBB\xBF<?xml version='1.0'?><!-- c --> <n:Root a='>' b=\"/>\">x<Empty/>"
      "<Key>a&amp;b&lt;&gt;&quot;&apos;&#65;&#x1F986;</Key><![CDATA[<raw>&amp;]]>"
      "<Key>second</Key ></n:Root>\n");
  ASSERT_TRUE(root.ok()) << root.status().ToString();
  EXPECT_EQ(root->name, "Root");
  EXPECT_EQ(root->text, "x<raw>&amp;");
  EXPECT_EQ(root->ChildText("Key"), "a&b<>\"'A🦆");
  EXPECT_EQ(root->children.size(), 3u);
  EXPECT_EQ(root->ChildText("Absent"), "");
  EXPECT_EQ(root->Child("Absent"), nullptr);
}

TEST(S3XmlTest, WhatIsNotSuchXmlIsCorrupt) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string many = "<a>";
  for (int i = 0; i < 200'000; ++i) many += "<b/>";
  many += "</a>";
  EXPECT_EQ(ParseXml(many).status().code(), StatusCode::kCorrupt);
  for (const std::string& text : {std::string(),
                                  std::string("text"),
                                  std::string("<"),
                                  std::string("<a"),
                                  std::string("<a>"),
                                  std::string("<a/"),
                                  std::string("<a></b>"),
                                  std::string("<a></ab>"),
                                  std::string("<a/>x"),
                                  std::string("<a b='></a>"),
                                  std::string("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"),
                                  std::string("<a>&e;</a>"),
                                  std::string("<a>&#0;</a>"),
                                  std::string("<a>&#xD800;</a>"),
                                  std::string("<a>&#x110000;</a>"),
                                  std::string("<a>&amp</a>"),
                                  std::string("<a><![CDATA[x"),
                                  std::string("<?xml"),
                                  std::string("<!-- "),
                                  std::string("< a/>"),
                                  deep}) {
    EXPECT_EQ(ParseXml(text).status().code(), StatusCode::kCorrupt) << text.substr(0, 80);
  }
}

TEST(S3XmlTest, EveryBeginningOfAReplyIsSurvived) {
  const std::string whole =
      "<?xml version=\"1.0\"?><E xmlns=\"n\"><Code>a&#252;</Code><!--c--><![CDATA[d]]></E>";
  ASSERT_TRUE(ParseXml(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ParseXml(std::string_view(whole).substr(0, length)).ok()) << length;
  }
}

}  // namespace
}  // namespace duckpond
