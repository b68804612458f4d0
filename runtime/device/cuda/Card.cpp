#include "runtime/device/cuda/Card.h"

#include "runtime/device/cuda/Words.h"

#include <algorithm>
#include <fmt/format.h>

namespace descent::device::cuda {

static void check(const Driver &driver, int code, std::string_view doing) {
  if (code != kSuccess)
    throw DeviceError(failure(driver, code, doing));
}

int countCards(const Driver &driver) {
  int count = 0;
  check(driver, driver.deviceGetCount(&count), "count the GPUs");
  if (count == 0)
    throw DeviceError("cannot use a GPU: " + meaning(driver, kNoDevice));
  return count;
}

CardFacts factsOf(const Driver &driver, int number) {
  CardFacts facts;
  std::string doing = fmt::format("ask what GPU {} is", number);
  check(driver, driver.deviceGet(&facts.device, number), doing);
  char text[256] = "";
  check(driver, driver.deviceGetName(text, sizeof(text), facts.device), doing);
  facts.properties.name = text;
  check(driver, driver.deviceGetPciBusId(text, sizeof(text), facts.device), doing);
  facts.bus = text;
  size_t bytes = 0;
  check(driver, driver.deviceTotalMem(&bytes, facts.device), doing);
  facts.properties.memoryBytes = static_cast<int64_t>(bytes);
  auto attribute = [&](DeviceAttribute which) {
    int value = 0;
    check(driver, driver.deviceGetAttribute(&value, which, facts.device), doing);
    return value;
  };
  facts.properties.driver = versionOf(driver);
  facts.properties.major = attribute(kCapabilityMajor);
  facts.properties.minor = attribute(kCapabilityMinor);
  facts.properties.processors = attribute(kMultiprocessorCount);
  facts.properties.threadsPerBlock = attribute(kMaxThreadsPerBlock);
  facts.properties.sharedBytes = attribute(kMaxSharedPerBlock);
  facts.properties.launchesCooperatively = attribute(kCooperativeLaunch) != 0;
  facts.allocatesInStreams =
      driver.memAllocAsync && driver.memFreeAsync && attribute(kMemoryPoolsSupported) != 0;
  facts.mapsHostMemory = attribute(kCanMapHostMemory) != 0;
  facts.threads = int64_t{attribute(kThreadsPerMultiprocessor)} * facts.properties.processors;
  facts.properties.mostSharedBytes =
      std::max<int64_t>(facts.properties.sharedBytes, attribute(kMaxSharedPerBlockOptin));
  return facts;
}

std::string noSuchCard(int number, int count) {
  return fmt::format("there is no GPU {}: the driver shows {}", number,
                     count == 1 ? "GPU 0 only" : fmt::format("GPU 0 to GPU {}", count - 1));
}

std::string unsuited(const Properties &properties) {
  if (properties.major >= kLeastMajor)
    return "";
  return fmt::format("its compute capability is {}.{}, and {}.0 (Volta, 2017) or later is needed",
                     properties.major, properties.minor, kLeastMajor);
}

Card::Card(std::shared_ptr<const Driver> driver, int number) : table(std::move(driver)) {
  int count = countCards(*table);
  if (number < 0 || number >= count)
    throw DeviceError(noSuchCard(number, count));
  cardFacts = factsOf(*table, number);
  shownName = fmt::format("GPU {} ({})", number, cardFacts.properties.name);
  if (std::string problem = unsuited(cardFacts.properties); !problem.empty())
    throw DeviceError(fmt::format("cannot use {}: {}", shownName, problem));
  check(*table, table->primaryContextRetain(&context, cardFacts.device), "use " + shownName);
}

Card::~Card() {
  // The last holder's release ends the context; a fault that it had is of no interest any more.
  table->primaryContextRelease(cardFacts.device);
}

Card::Entered::Entered(Card &card)
    : card(card), entered(card.table->contextPush(card.context) == kSuccess) {}

Card::Entered::~Entered() {
  CudaContext ours = nullptr;
  if (entered)
    card.table->contextPop(&ours);
}

void Card::expectUsable() const {
  if (isLost())
    throw DeviceError(lost);
}

void Card::fail(int code, std::string_view doing) {
  expectUsable();
  std::string message = messageOf(code, doing);
  if (isLasting(code))
    lost = message;
  throw DeviceError(message);
}

void Card::note(int code, std::string_view doing) noexcept {
  if (!isLost() && isLasting(code))
    lost = messageOf(code, doing);
}

std::string Card::messageOf(int code, std::string_view doing) const {
  std::string_view fault = kernelFault(code);
  if (fault.empty())
    return failure(*table, code, fmt::format("{} on {}", doing, shownName));
  return fmt::format("{} failed on {}: {} ({}), seen while trying to {}; the emulator "
                     "(--device emulator) runs the same code and names the line of the script",
                     launchedKernels(), shownName, fault, namedCode(*table, code), doing);
}

void Card::launched(const std::string &kernel) {
  auto end = recent.begin() + static_cast<ptrdiff_t>(std::min(launchedCount, recent.size()));
  if (std::find(recent.begin(), end, kernel) == end)
    recent[launchedCount++ % recent.size()] = kernel;
}

std::string Card::launchedKernels() const {
  if (launchedCount == 0)
    return "a kernel of this process";
  if (launchedCount == 1)
    return fmt::format("the kernel '{}'", recent[0]);
  std::string text = "one of the kernels ";
  size_t count = std::min(launchedCount, recent.size());
  for (size_t i = 0; i < count; ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : i + 1 == count ? " and " : ", ", recent[i]);
  return text + (launchedCount > count ? " (and others before)" : "");
}

} // namespace descent::device::cuda
