#include "benchmarks/support/Protocol.h"

#include <chrono>
#include <istream>
#include <ostream>

namespace descent::bench {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Json timing(const char *name, double seconds) {
  return {{"name", name}, {"nanoseconds", seconds * 1e9}};
}

/// One evaluation is kept: it is usually asked for again.
class Server {
public:
  explicit Server(Tool &tool) : tool(tool) {}

  Json answer(const Json &message) {
    std::string kind = message.at("kind");
    Json response = {{"id", message.at("id")}};
    try {
      if (kind == "start")
        response["tool"] = tool.name();
      else if (kind == "define")
        define(message, response);
      else if (kind == "evaluate")
        evaluate(message, response);
    } catch (const std::exception &error) {
      response["success"] = false;
      response["error"] = error.what();
    }
    return response;
  }

private:
  void define(const Json &message, Json &response) {
    Clock::time_point begin = Clock::now();
    tool.define(message.at("module"));
    response["success"] = true;
    response["timings"] = Json::array({timing("define", secondsSince(begin))});
  }

  void evaluate(const Json &message, Json &response) {
    const Json &input = message.at("input");
    int64_t runs = 1, batch = 1, sample = 0;
    double least = 0;
    Json identity = input;
    if (input.is_object()) {
      runs = input.value("min_runs", int64_t{1});
      batch = std::max<int64_t>(1, input.value("batch", int64_t{1}));
      least = input.value("min_seconds", 0.0);
      sample = input.value("sample", int64_t{0});
      for (const char *field : {"min_runs", "min_seconds", "batch", "sample"})
        identity.erase(field);
    }
    std::string asked =
        message.at("module").dump() + message.at("function").dump() + identity.dump();
    Json timings = Json::array();
    if (!current || asked != currentName) {
      current.reset(); // before the next one needs its memory
      current = tool.prepare(message.at("module"), message.at("function"), input);
      currentName = asked;
      timings.push_back(timing("prepare", current->prepareSeconds));
    }
    double total = 0;
    for (int64_t done = 0; done < runs || total < least; done += batch) {
      Clock::time_point begin = Clock::now();
      for (int64_t i = 0; i < batch; ++i)
        current->run();
      double seconds = secondsSince(begin);
      total += seconds;
      timings.push_back(
          timing("evaluate", seconds / static_cast<double>(batch * current->steps())));
    }
    response["success"] = true;
    response["output"] = current->outputs().toJson(sample);
    response["timings"] = std::move(timings);
  }

  Tool &tool;
  std::unique_ptr<Evaluation> current;
  std::string currentName;
};

} // namespace

void serve(Tool &tool, std::istream &in, std::ostream &out) {
  Server server(tool);
  for (std::string line; std::getline(in, line);) {
    Json message = Json::parse(line, nullptr, false);
    Json response = message.is_object() && message.contains("id") && message.contains("kind")
                        ? server.answer(message)
                        : Json{{"id", nullptr}, {"success", false}, {"error", "not a message"}};
    out << response.dump() << std::endl;
  }
}

} // namespace descent::bench
