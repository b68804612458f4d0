// A script through all stages, and what its top-level values are.
#pragma once

#include "compiler/Compiler.h"
#include "compiler/Module.h"
#include "compiler/batch/Batch.h"
#include "compiler/derivative/Derivative.h"
#include "frontend/emit/Emit.h"
#include "frontend/sema/Sema.h"
#include "frontend/syntax/Parser.h"
#include "runtime/abi/RunContext.h"
#include "tests/reference/Evaluator.h"

#include <gtest/gtest.h>
#include <mlir/Pass/PassManager.h>

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

  compiler::Executable compiled(const compiler::CompileOptions &options) const {
    return compiler::compile(emit(*program, sources), options);
  }

  Values run(const compiler::CompileOptions &options) { return run(compiled(options)); }

  /// `threads`: how many may share the work; 0: as many as there are.
  Values run(const compiler::Executable &executable, int threads = 0) {
    std::unique_ptr<void, void (*)(void *)> arena(
        std::aligned_alloc(64, (executable.arenaBytes() + 127) / 64 * 64), std::free);
    abi::RunContext::Options how;
    how.threads = threads;
    abi::RunContext context(program->effects, program->checks, how);
    std::vector<const void *> inputs;
    for (const sema::Input &input : program->inputs)
      inputs.push_back(input.data.data());
    executable.run(&context, inputs.data(), arena.get());
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

  /// What the reference evaluator gives. `expanded`: of the program with vmap and derivatives
  /// expanded, and nothing else done to it.
  Values evaluated(bool expanded = false) {
    compiler::Module module = emit(*program, sources);
    if (expanded) {
      mlir::PassManager passes(module.state().context.get());
      passes.nest<mlir::func::FuncOp>().addPass(batch::createExpandVmapPass());
      passes.nest<mlir::func::FuncOp>().addPass(createExpandDerivativesPass());
      EXPECT_TRUE(mlir::succeeded(passes.run(*module.state().module)));
    }
    std::vector<reference::Event> events;
    reference::Options options;
    options.events = &events;
    for (const sema::Input &input : program->inputs) {
      Array wide = input.data.converted(DType::F64);
      auto elements = wide.values<double>();
      const Shape &shape = input.data.shape();
      options.inputs.push_back(reference::Tensor::of(
          input.data.dtype(), {shape.begin(), shape.end()}, {elements.begin(), elements.end()}));
    }
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
