// Data packed by gzip. The bytes were made by gzip(1) 1.12: printf 'a,b\n1,2.5\n' | gzip -n9.
#include "DataTestSupport.h"
#include "runtime/data/Gzip.h"

#include <gtest/gtest.h>

using namespace descent;

namespace {

constexpr unsigned char kPacked[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xd4,
    0x49, 0xe2, 0x32, 0xd4, 0x31, 0xd2, 0x33, 0xe5, 0x02, 0x00, 0x62, 0xe8,
    0xd6, 0x6e, 0x0a, 0x00, 0x00, 0x00
};
const std::string packed(reinterpret_cast<const char *>(kPacked), sizeof kPacked);

TEST(Gzip, ReadsATable) {
  TemporaryFolder folder;
  Table table = readData(folder.write("t.csv.gz", packed), DType::F64);
  ASSERT_EQ(table.arrays.size(), 2u);
  EXPECT_EQ(table.arrays[0].array, Array::fromVector<int32_t>({1}));
  EXPECT_EQ(table.arrays[1].array, Array::fromVector<double>({2.5}));
}

TEST(Gzip, ReadsSeveralMembers) { EXPECT_EQ(unpackGzip(packed + packed), "a,b\n1,2.5\na,b\n1,2.5\n"); }

TEST(Gzip, RefusesEveryCutAndNonsense) {
  for (size_t length = 0; length < packed.size(); ++length)
    EXPECT_ANY_THROW(unpackGzip(packed.substr(0, length))) << length;
  EXPECT_ANY_THROW(unpackGzip("not gzip at all"));
  EXPECT_ANY_THROW(unpackGzip(packed + "trailing"));
}

TEST(Gzip, ComplaintsNameTheFile) {
  TemporaryFolder folder;
  EXPECT_EQ(folder.complaint("t.csv.gz", packed.substr(0, 20)),
            "FILE: the file is damaged or cut off (gzip)");
  EXPECT_EQ(folder.complaint("t.gz", packed), "FILE: the kind of this file is told by its extension, "
                                              "and it has none; the kinds are csv, tsv, npy and npz");
}

} // namespace
