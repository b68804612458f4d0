// A script through all stages, and what its top-level values are.
#pragma once

#include "compiler/Compiler.h"
#include "compiler/Module.h"
#include "frontend/emit/Emit.h"
#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"
#include "runtime/abi/RunContext.h"
#include "tests/reference/Evaluator.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <sstream>

namespace descent {

using Values = std::map<std::string, std::vector<double>>;

class Program {
public:
  /// `data`: what its `data` items are; null: they are errors.
  explicit Program(const std::string &text, sema::DataSource *data = nullptr) {
    tree = parse(sources.add("random.gd", text), diagnostics);
    sema::AnalyzeOptions options;
    options.dataSource = data;
    program = sema::analyze(*tree, sources, diagnostics, options);
    std::ostringstream out;
    diagnostics.render(out);
    problems = out.str();
  }

  Values run(bool fuse) {
    compiler::CompileOptions options;
    options.fuse = fuse;
    return run(options);
  }

  Values run(const compiler::CompileOptions &options) {
    compiler::Executable executable = compiler::compile(emit(*program, sources), options);
    std::unique_ptr<void, void (*)(void *)> arena(
        std::aligned_alloc(64, (executable.arenaBytes() + 127) / 64 * 64), std::free);
    abi::RunContext context(program->effects, program->checks, {});
    executable.run(&context, nullptr, arena.get());
    EXPECT_FALSE(context.failure());
    Values values;
    for (const abi::KeptValue &kept : context.kept())
      for (const Array &array : kept.arrays) {
        Array wide = array.converted(DType::F64);
        auto elements = wide.values<double>();
        values[kept.name].insert(values[kept.name].end(), elements.begin(), elements.end());
      }
    return values;
  }

  std::string show(compiler::Stage stage) {
    return compiler::show(emit(*program, sources), stage, {});
  }

  Values evaluated() {
    compiler::Module module = emit(*program, sources);
    std::vector<reference::Event> events;
    reference::Options options;
    options.events = &events;
    reference::evaluate(module.state().module->lookupSymbol<mlir::func::FuncOp>("main"), {},
                        options);
    Values values;
    for (const reference::Event &event : events) {
      auto *keep =
          std::get_if<abi::KeepEffect>(&program->effects[static_cast<size_t>(event.index)].what);
      if (event.kind != reference::Event::Kind::Effect || !keep)
        continue;
      for (const reference::Tensor &operand : event.operands)
        for (int64_t i = 0; i < operand.size(); ++i)
          values[keep->name].push_back(operand.number(i));
    }
    return values;
  }

  SourceManager sources;
  Diagnostics diagnostics{sources};
  std::unique_ptr<ast::Ast> tree;
  std::optional<sema::Program> program;
  std::string problems;
};

} // namespace descent
