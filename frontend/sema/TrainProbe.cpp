// A `train` as functions of its parameters, for gradient checks.
#include "frontend/sema/Train.h"

#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/TrainRun.h"

#include <algorithm>
#include <array>

namespace descent::sema {

using namespace ast;
using Leaves = Specializer::Leaves;

/// Makes the probe's function of this `train`; of others the history that they would have, of zeros.
Value TrainRun::examine() {
  Builder &builder = sema.builder;
  TrainProbe &probe = *sema.probe;
  Value before = paramValues();
  // What a loop or a branch trains is not the function's own to give.
  bool isInRegion = &builder.region() != &probe.function.body;
  if (!isInRegion && !probe.isFound && probe.seen++ == probe.which) {
    probe.isFound = true;
    probe.loss.expression = std::string(sema.sources.text(expr->loss->extent));
    for (const Variable *variable : params)
      for (const std::string &path : leafPaths(variable->value))
        probe.loss.parameters.push_back(std::string(variable->name) + path);
    Region &body = probe.function.body;
    Leaves leaves = leavesOf(before);
    Leaves results;
    if (probe.want == TrainProbe::Want::Start) {
      results = leaves;
    } else {
      for (ArrayValue &leaf : leaves)
        leaf = builder.argument(body, leaf.type);
      setParams(rebuilt(before, leaves));
      Value batchRows = AbsentValue{};
      if (batch > 0) {
        // The first rows stand for any batch.
        batchRows = order == Order::Sequential ? builder.known(int64_t{0}, DType::I32)
                                               : builder.iota({DType::I32, {batch}}, 0);
      }
      if (probe.want == TrainProbe::Want::Loss) {
        if (auto loss = scalarLoss(evaluateLoss(batchRows)))
          results = {*loss};
      } else if (auto gradient = differentiate(batchRows)) {
        results.assign(gradient->begin() + 1, gradient->end());
      }
      setParams(before);
    }
    for (const ArrayValue &result : results)
      body.yields.push_back(builder.materialize(result));
  }
  Value zeros = builder.splat(0, {lossType.dtype, {entries}});
  Value counts = builder.splat(0, {DType::I32, {entries}});
  Value seconds = builder.splat(0, {DType::F64, {entries}});
  RecordValue record;
  record.fields = {{"loss", zeros},
                   {"grad_norm", zeros},
                   {"step", counts},
                   {"seconds", seconds},
                   {"reason", builder.known(int64_t{0}, DType::I32)}};
  return record;
}

void analyzeGradients(const ast::Ast &script, SourceManager &sources, Diagnostics &diagnostics,
                      const AnalyzeOptions &options, Program &program,
                      std::vector<TrainedLoss> &losses) {
  using Want = TrainProbe::Want;
  for (size_t which = 0;; ++which) {
    for (auto [want, name] : {std::pair(Want::Start, "start."), std::pair(Want::Loss, "loss."),
                              std::pair(Want::Gradient, "gradient.")}) {
      TrainProbe probe;
      probe.which = which;
      probe.want = want;
      probe.function.name = name + std::to_string(which);
      analyzeScript(script, sources, diagnostics, options, program, &probe);
      if (diagnostics.hasErrors() || !probe.isFound)
        return;
      for (size_t i = 0; i < probe.function.body.args.size(); ++i)
        probe.function.parameterNames.push_back(probe.loss.parameters[i]);
      program.exports.push_back(std::move(probe.function));
      if (want == Want::Start)
        losses.push_back(std::move(probe.loss));
    }
  }
}

} // namespace descent::sema
